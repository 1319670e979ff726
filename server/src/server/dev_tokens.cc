#include "server/dev_tokens.h"

#include <algorithm>
#include <string>

#include "api/error_reply.h"
#include "auth/token_minter.h"
#include "http/query.h"
#include "protocol/json_writer.h"

namespace tidewire {
namespace {

constexpr std::int64_t kTokenSeconds = 3'600;
constexpr std::size_t kNameBytesMax = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

http::Response bad_request(std::string message) {
  return error_reply(400, {.code = ErrorCode::invalid_message, .message = std::move(message)});
}

}  // namespace

http::Response dev_token_response(const http::Request& request, const Config& config,
                                  WallMillis now) {
  if (request.method != "GET") return http::method_not_allowed("GET");
  const auto user = http::query_value(request.query, "user");
  const auto name = http::query_value(request.query, "name");
  if (!user || !is_name(*user)) return bad_request("say who you are: /dev/token?user=NAME");
  if (name && !is_name(*name)) return bad_request("`name` is 1 to 64 characters");
  const auto minter = TokenMinter::build({.material = config.auth.hmac_secret});
  if (!minter) return bad_request(minter.error());
  const std::int64_t now_s = now / 1000;
  const auto token =
      minter->mint({.user_id = *user,
                    .expires_at_s = now_s + kTokenSeconds,
                    .issued_at_s = now_s,
                    .issuer = config.auth.issuer,
                    .audience = config.auth.audience,
                    .info_json = JsonObject().text("name", name.value_or(*user)).finish()});
  if (!token) return bad_request(token.error());
  http::Response response;
  response.body("application/json; charset=utf-8",
                JsonObject()
                    .text("token", *token)
                    .text("userId", *user)
                    .number("expiresAt", (now_s + kTokenSeconds) * 1000)
                    .finish());
  response.set("Cache-Control", "no-store");
  return response;
}

}  // namespace tidewire
