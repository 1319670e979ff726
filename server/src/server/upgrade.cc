#include "server/upgrade.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "api/error_reply.h"
#include "auth/token_source.h"
#include "protocol/channel_name.h"
#include "protocol/commands.h"

namespace tidewire {
namespace {

constexpr std::array<std::string_view, 2> kSubprotocols{"tidewire.v1.json", "tidewire.v1.proto"};

std::unexpected<UpgradeRefusal> refuse(int status, HandshakeLabel label, const Error& error) {
  return std::unexpected(UpgradeRefusal{std::move(error_reply(status, error).close()), label});
}

std::vector<std::string_view> values_of(const http::Request& request, std::string_view name) {
  std::vector<std::string_view> values;
  for (const http::Header& header : request.headers)
    if (http::same_token(header.name, name)) values.push_back(header.value);
  return values;
}

/// `/ws/{resource}/{id}` names the channel `{resource}:{id}`; `/ws` names none.
std::expected<std::string, Error> channel_of(std::string_view path) {
  if (path == "/ws" || path == "/ws/") return std::string();
  const std::string_view rest = path.substr(sizeof "/ws/" - 1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || rest.find('/', slash + 1) != std::string_view::npos)
    return fail(ErrorCode::invalid_channel, "the path is /ws/{resource}/{id}");
  std::string channel(rest.substr(0, slash));
  if (channel.find(':') != std::string::npos)
    return fail(ErrorCode::invalid_channel, "a resource holds no colon");
  channel.append(1, ':').append(rest.substr(slash + 1));
  auto name = ChannelName::parse(channel);
  if (!name) return std::unexpected(std::move(name.error()));
  return channel;
}

std::expected<ws::HandshakeResult, UpgradeRefusal> shake_hands(const http::Request& request,
                                                               const SharedState& state,
                                                               bool echo) {
  std::vector<ws::HandshakeHeader> headers;
  headers.reserve(request.headers.size());
  for (const http::Header& header : request.headers) headers.push_back({header.name, header.value});
  const CompressionConfig& compression = state.config.compression;
  ws::DeflateConfig deflate{.enabled = compression.enabled,
                            .threshold_bytes = compression.threshold_bytes,
                            .level = static_cast<int>(compression.level)};
  if (echo) {
    // The echo follows the client's wishes, so that both modes can be tested.
    deflate.server_no_context_takeover = false;
    deflate.client_no_context_takeover = false;
    deflate.threshold_bytes = 0;
  }
  auto result =
      ws::handshake({.method = request.method,
                     .http_major = request.version / 10,
                     .http_minor = request.version % 10,
                     .target = request.target,
                     .headers = headers},
                    {.subprotocols = echo ? std::span<const std::string_view>()
                                          : std::span<const std::string_view>(kSubprotocols),
                     .deflate = deflate});
  if (result) return std::move(*result);
  http::Response response = error_reply(
      result.error().status,
      {.code = ErrorCode::invalid_message, .message = std::move(result.error().reason)});
  for (const auto& [name, value] : result.error().headers) response.set(name, value);
  return std::unexpected(UpgradeRefusal{std::move(response.close()), HandshakeLabel::bad_request});
}

std::expected<std::optional<Claims>, Error> claims_of(const http::Request& request,
                                                      const SharedState& state, WallMillis now) {
  const auto authorization = values_of(request, "Authorization");
  const auto subprotocols = values_of(request, "Sec-WebSocket-Protocol");
  const auto found = find_token({.authorization = authorization,
                                 .subprotocols = subprotocols,
                                 .query = request.query,
                                 .allow_query_token = state.config.auth.allow_query_token});
  if (!found) return std::unexpected(found.error());
  if (found->place == TokenPlace::none) return std::nullopt;
  auto claims = state.authenticator->authenticate(found->token, now);
  if (!claims) return std::unexpected(std::move(claims.error()));
  return std::move(*claims);
}

/// The session to go on with: header `Tidewire-Session`, or `session` of the query for browsers.
std::expected<std::string, Error> session_of(const http::Request& request, const Claims& claims) {
  std::string_view named = request.header("Tidewire-Session").value_or("");
  std::string_view rest = named.empty() ? request.query : "";
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    if (item.starts_with("session=")) named = item.substr(sizeof "session=" - 1);
  }
  if (named.size() > kSessionIdBytesMax)
    return fail(ErrorCode::invalid_message, "a session id has at most 64 bytes");
  if (!named.empty() && !claims.session_id.empty() && claims.session_id != named)
    return fail(ErrorCode::session_mismatch, "the token is bound to another session");
  return std::string(named);
}

}  // namespace

std::expected<UpgradePlan, UpgradeRefusal> plan_upgrade(const http::Request& request,
                                                        const SharedState& state, WallMillis now) {
  UpgradePlan plan;
  plan.echo = request.path == "/debug/echo" && state.config.debug.echo;
  const bool session = request.path == "/ws" || request.path.starts_with("/ws/");
  if (!plan.echo && !session)
    return refuse(404, HandshakeLabel::not_found,
                  {.code = ErrorCode::not_found, .message = "no such path"});

  auto handshake = shake_hands(request, state, plan.echo);
  if (!handshake) return std::unexpected(std::move(handshake.error()));
  plan.handshake = std::move(*handshake);
  if (plan.echo) return plan;

  const auto origins = values_of(request, "Origin");
  if (origins.size() > 1)
    return refuse(400, HandshakeLabel::bad_request,
                  {.code = ErrorCode::invalid_message, .message = "Origin is there twice"});
  if (!state.origins.allows(origins.empty() ? std::nullopt : std::optional(origins.front())))
    return refuse(403, HandshakeLabel::forbidden,
                  {.code = ErrorCode::permission_denied, .message = "this Origin is not allowed"});

  auto channel = channel_of(request.path);
  if (!channel) return refuse(400, HandshakeLabel::bad_request, channel.error());
  plan.channel = std::move(*channel);

  auto claims = claims_of(request, state, now);
  if (!claims) return refuse(401, HandshakeLabel::unauthorized, claims.error());
  if (*claims) {
    auto session = session_of(request, **claims);
    if (!session) return refuse(401, HandshakeLabel::unauthorized, session.error());
    plan.session_id = std::move(*session);
  }
  plan.claims = std::move(*claims);
  return plan;
}

}  // namespace tidewire
