#include "auth/jwt.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "auth/invalid_token.h"
#include "auth/strict_json.h"
#include "base/base64.h"

namespace tidewire {
namespace {

using nlohmann::json;

/// Header fields that would let the token choose its key, its encoding or extra rules.
constexpr std::array<const char*, 9> kRefusedFields{"crit", "b64", "jwk", "jku", "x5u",
                                                    "x5c",  "zip", "enc", "epk"};

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// RFC 8725 section 3.11: a token typed for another purpose is not taken for an access token.
bool is_known_type(std::string_view type) {
  return equals_ignoring_case(type, "JWT") || equals_ignoring_case(type, "at+jwt") ||
         equals_ignoring_case(type, "application/at+jwt");
}

std::optional<std::string> header_fault(const json& header) {
  for (const char* field : kRefusedFields)
    if (header.contains(field)) return std::string("header field '") + field + "' is not accepted";
  if (!header.contains("alg")) return "header field 'alg' is missing";
  if (!header["alg"].is_string()) return "header field 'alg' is not a string";
  if (!jws_algorithm_from_name(header["alg"].get_ref<const std::string&>()))
    return "header field 'alg' is not a supported signature algorithm";
  if (header.contains("typ") &&
      (!header["typ"].is_string() || !is_known_type(header["typ"].get_ref<const std::string&>())))
    return "header field 'typ' is not JWT";
  if (header.contains("kid") &&
      (!header["kid"].is_string() || !is_kid(header["kid"].get_ref<const std::string&>())))
    return "header field 'kid' is not 1 to 128 of [A-Za-z0-9._-]";
  return std::nullopt;
}

}  // namespace

bool is_kid(std::string_view text) {
  return !text.empty() && text.size() <= kKidBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::expected<CompactJws, Error> parse_compact_jws(std::string_view token) {
  if (token.empty()) return invalid_token("it is empty");
  if (token.size() > kTokenBytesMax) return invalid_token("it is larger than 8 KiB");
  if (std::ranges::count(token, '.') != 2) return invalid_token("it does not have three parts");
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  const auto header_bytes = base64url_decode(token.substr(0, first));
  if (!header_bytes) return invalid_token("its header is not base64url");
  auto header = parse_strict_object(*header_bytes);
  if (!header) return invalid_token("its header " + header.error());
  if (auto fault = header_fault(*header)) return invalid_token(std::move(*fault));
  auto signature = base64url_decode(token.substr(second + 1));
  if (!signature) return invalid_token("its signature is not base64url");
  if (signature->empty()) return invalid_token("its signature is missing");
  return CompactJws{
      .algorithm = *jws_algorithm_from_name((*header)["alg"].get_ref<const std::string&>()),
      .kid = header->value("kid", std::string()),
      .signing_input = token.substr(0, second),
      .payload = token.substr(first + 1, second - first - 1),
      .signature = std::move(*signature)};
}

std::expected<std::string, Error> verify_jws(std::string_view token, const KeySet& keys) {
  auto jws = parse_compact_jws(token);
  if (!jws) return std::unexpected(std::move(jws.error()));
  if (!keys.has_key(jws->algorithm, jws->kid))
    return invalid_token("no key is configured for its alg and kid");
  if (!keys.verify(jws->algorithm, jws->kid, jws->signing_input, jws->signature))
    return invalid_token("its signature does not verify");
  auto payload = base64url_decode(jws->payload);
  if (!payload) return invalid_token("its payload is not base64url");
  return std::move(*payload);
}

}  // namespace tidewire
