#include "auth/claims.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/invalid_token.h"
#include "auth/strict_json.h"
#include "protocol/channel_name.h"

namespace tidewire {
namespace {

using nlohmann::json;

constexpr std::int64_t kTimeMax = 253'402'300'799;  // the last second of the year 9999

/// Neither C0 nor DEL nor C1 (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F): such an id could forge
/// log lines and terminal output.
bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

std::expected<std::string, Error> text_claim(const json& claims, const char* name,
                                             std::size_t bytes_max) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::string();
  const std::string named = std::string("claim '") + name + "' ";
  if (!found->is_string()) return invalid_token(named + "is not a string");
  const auto& text = found->get_ref<const std::string&>();
  if (text.empty()) return invalid_token(named + "is empty");
  if (text.size() > bytes_max)
    return invalid_token(named + "is longer than " + std::to_string(bytes_max) + " bytes");
  if (has_control_characters(text)) return invalid_token(named + "has control characters");
  return text;
}

/// Seconds since 1970, rounded down (RFC 7519 section 2: a NumericDate may have a fraction);
/// nullopt when absent.
std::expected<std::optional<std::int64_t>, Error> time_claim(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::nullopt;
  const std::string named = std::string("claim '") + name + "' ";
  if (!found->is_number()) return invalid_token(named + "is not a number of seconds");
  // A double holds every whole second of the range.
  const auto seconds = found->get<double>();
  if (!(seconds >= 0 && seconds <= static_cast<double>(kTimeMax)))
    return invalid_token(named + "is out of range");
  return static_cast<std::int64_t>(seconds);
}

std::expected<std::string, Error> object_claim(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return "{}";
  if (!found->is_object())
    return invalid_token(std::string("claim '") + name + "' is not an object");
  return found->dump();
}

/// The text without its '*' must be the beginning of some channel's name, or all of one.
bool is_match(std::string_view text, bool prefix) {
  if (!prefix) return ChannelName::parse(text).has_value();
  if (text.empty()) return true;
  // Completing the prefix reuses the one definition of a channel name.
  const bool has_colon = text.find(':') != text.npos;
  return ChannelName::parse(std::string(text) + (has_colon ? "x" : ":x")).has_value();
}

std::expected<PermissionSet, Error> parse_allow(const json& allow, const std::string& named) {
  if (!allow.is_array()) return invalid_token(named + ".allow is not a list");
  PermissionSet set;
  for (std::size_t i = 0; i < allow.size(); ++i) {
    const std::string item = named + ".allow[" + std::to_string(i) + "]";
    if (!allow[i].is_string()) return invalid_token(item + " is not a string");
    const auto permission = from_name<Permission>(allow[i].get_ref<const std::string&>());
    if (!permission) return invalid_token(item + " is not a known permission");
    set.add(*permission);
  }
  return set;
}

std::expected<ChannelRule, Error> parse_rule(const json& rule, const std::string& named) {
  if (!rule.is_object()) return invalid_token(named + " is not an object");
  for (const auto& [name, value] : rule.items())
    if (name != "match" && name != "allow")
      return invalid_token(named + " has a field other than match and allow");
  if (!rule.contains("match") || !rule["match"].is_string())
    return invalid_token(named + ".match is not a string");
  if (!rule.contains("allow")) return invalid_token(named + ".allow is missing");
  std::string match = rule["match"].get<std::string>();
  const bool prefix = match.ends_with('*');
  if (prefix) match.pop_back();
  if (!is_match(match, prefix))
    return invalid_token(named + ".match is neither a channel nor a prefix ending in '*'");
  auto allow = parse_allow(rule["allow"], named);
  if (!allow) return std::unexpected(std::move(allow.error()));
  return ChannelRule{.match = std::move(match), .prefix = prefix, .allow = *allow};
}

std::expected<std::vector<ChannelRule>, Error> rules_claim(const json& claims) {
  std::vector<ChannelRule> rules;
  const auto found = claims.find("channels");
  if (found == claims.end()) return rules;
  if (!found->is_array()) return invalid_token("claim 'channels' is not a list");
  if (found->size() > kChannelRulesMax)
    return invalid_token("claim 'channels' has more than 128 rules");
  for (std::size_t i = 0; i < found->size(); ++i) {
    auto rule = parse_rule((*found)[i], "claim 'channels'[" + std::to_string(i) + "]");
    if (!rule) return std::unexpected(std::move(rule.error()));
    rules.push_back(std::move(*rule));
  }
  return rules;
}

std::optional<std::string> issuer_fault(const json& claims, const std::string& wanted) {
  const auto found = claims.find("iss");
  if (found != claims.end() && !found->is_string()) return "claim 'iss' is not a string";
  if (wanted.empty()) return std::nullopt;
  if (found == claims.end()) return "claim 'iss' is missing";
  if (found->get_ref<const std::string&>() != wanted)
    return "claim 'iss' is not the issuer expected";
  return std::nullopt;
}

/// RFC 7519 section 4.1.3: one string or a list of strings.
std::optional<std::string> audience_fault(const json& claims, const std::string& wanted) {
  const auto found = claims.find("aud");
  if (found == claims.end())
    return wanted.empty() ? std::nullopt : std::optional<std::string>("claim 'aud' is missing");
  const bool list = found->is_array();
  const auto is_text = [](const json& item) { return item.is_string(); };
  if (!found->is_string() && !(list && std::ranges::all_of(*found, is_text)))
    return "claim 'aud' is not a string or a list of strings";
  if (wanted.empty()) return std::nullopt;
  const auto is_wanted = [&](const json& item) {
    return item.get_ref<const std::string&>() == wanted;
  };
  if (list ? std::ranges::any_of(*found, is_wanted) : is_wanted(*found)) return std::nullopt;
  return "claim 'aud' does not hold the audience expected";
}

struct Times {
  std::int64_t expires_s = 0;
  std::int64_t not_before_s = 0;
  std::int64_t issued_s = 0;
};

std::expected<Times, Error> parse_times(const json& claims) {
  const auto exp = time_claim(claims, "exp");
  if (!exp) return std::unexpected(exp.error());
  if (!*exp) return invalid_token("claim 'exp' is missing");
  const auto nbf = time_claim(claims, "nbf");
  if (!nbf) return std::unexpected(nbf.error());
  const auto iat = time_claim(claims, "iat");
  if (!iat) return std::unexpected(iat.error());
  return Times{**exp, nbf->value_or(0), iat->value_or(0)};
}

/// Expiry comes last: `token_expired` tells the client that a fresh token will do.
std::optional<Error> time_fault(const Times& times, std::int64_t leeway_ms, WallMillis now) {
  if (times.not_before_s * 1000 > now + leeway_ms)
    return Error{ErrorCode::token_invalid, "token: claim 'nbf' is in the future"};
  if (times.issued_s * 1000 > now + leeway_ms)
    return Error{ErrorCode::token_invalid, "token: claim 'iat' is in the future"};
  if (now >= times.expires_s * 1000 + leeway_ms)
    return Error{ErrorCode::token_expired, "token: it has expired"};
  return std::nullopt;
}

std::expected<Claims, Error> read_claims(const json& object) {
  auto user_id = text_claim(object, "sub", kUserIdBytesMax);
  if (!user_id) return std::unexpected(std::move(user_id.error()));
  if (user_id->empty()) return invalid_token("claim 'sub' is missing");
  auto session_id = text_claim(object, "sid", kSidBytesMax);
  if (!session_id) return std::unexpected(std::move(session_id.error()));
  auto info = object_claim(object, "info");
  if (!info) return std::unexpected(std::move(info.error()));
  auto meta = object_claim(object, "meta");
  if (!meta) return std::unexpected(std::move(meta.error()));
  auto rules = rules_claim(object);
  if (!rules) return std::unexpected(std::move(rules.error()));
  return Claims{{.user_id = std::move(*user_id),
                 .info_json = std::move(*info),
                 .meta_json = std::move(*meta),
                 .rules = std::move(*rules)},
                std::move(*session_id)};
}

}  // namespace

std::expected<Claims, Error> parse_claims(std::string_view payload_json, const ClaimChecks& checks,
                                          WallMillis now) {
  const auto object = parse_strict_object(payload_json);
  if (!object) return invalid_token("its payload " + object.error());
  auto claims = read_claims(*object);
  if (!claims) return claims;
  if (auto fault = issuer_fault(*object, checks.issuer)) return invalid_token(std::move(*fault));
  if (auto fault = audience_fault(*object, checks.audience))
    return invalid_token(std::move(*fault));
  const auto times = parse_times(*object);
  if (!times) return std::unexpected(times.error());
  if (auto fault = time_fault(*times, checks.leeway_ms, now))
    return std::unexpected(std::move(*fault));
  claims->expires_at_ms = times->expires_s * 1000;
  claims->issued_at_ms = times->issued_s * 1000;
  return claims;
}

}  // namespace tidewire
