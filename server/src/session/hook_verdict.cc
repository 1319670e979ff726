#include "session/hook_verdict.h"

#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "protocol/json_reader.h"
#include "protocol/json_writer.h"
#include "ws/utf8.h"

namespace tidewire {
namespace {

constexpr std::size_t kTextBytesMax = 1'024;

std::optional<ErrorCode> code_of(std::uint64_t number) {
  if (number > std::numeric_limits<std::underlying_type_t<ErrorCode>>::max()) return std::nullopt;
  const auto code = static_cast<ErrorCode>(number);
  return to_name(code) == "unknown" ? std::nullopt : std::optional(code);
}

struct Denial {
  std::optional<ErrorCode> code;
  std::string name;
  std::string message = "the application does not allow it";
};

std::expected<void, std::string> read_denial(const JsonValue& member, std::string_view key,
                                             Denial& denial) {
  if (key == "code") {
    const auto number = member.whole_number();
    denial.code = number ? code_of(*number) : std::nullopt;
    if (!denial.code) return std::unexpected("deny.code is not a code of the protocol");
  }
  if (key == "name" || key == "message") {
    if (member.kind != JsonKind::string || member.raw.size() > kTextBytesMax)
      return std::unexpected("deny." + std::string(key) + " is not a short string");
    (key == "name" ? denial.name : denial.message) = member.string();
  }
  return {};
}

std::expected<Error, std::string> parse_denial(const JsonValue& value) {
  Denial denial;
  if (value.kind != JsonKind::object) return std::unexpected("deny is not an object");
  JsonReader members = JsonReader::object(value.raw);
  while (members.next())
    if (auto read = read_denial(members.value(), members.key(), denial); !read)
      return std::unexpected(std::move(read.error()));
  Error error{.code = denial.code.value_or(ErrorCode::permission_denied),
              .message = std::move(denial.message)};
  const auto known = from_name<ErrorCode>(denial.name);
  if (known && !denial.code) error.code = *known;
  if (!known && !denial.name.empty())
    error.details = "\"error\":" +
                    JsonObject().text("name", denial.name).text("message", error.message).finish();
  return error;
}

std::expected<PermissionSet, std::string> parse_permissions(const JsonValue& value) {
  PermissionSet permissions;
  JsonReader items = JsonReader::array(value.raw);
  while (items.next()) {
    const auto permission = items.value().kind == JsonKind::string
                                ? from_name<Permission>(items.value().string())
                                : std::nullopt;
    if (!permission) return std::unexpected("permissions holds something else");
    permissions.add(*permission);
  }
  if (items.failed()) return std::unexpected("permissions is not a list");
  return permissions;
}

/// `info` and `channels` mean what they mean in a token, so the token's own parser reads them.
std::expected<void, std::string> read_grants(std::string_view info, std::string_view channels,
                                             HookVerdict& verdict) {
  if (info.empty() && channels.empty()) return {};
  JsonObject claims;
  claims.text("sub", "-").number("exp", 4'102'444'800);
  if (!info.empty()) claims.raw("info", info);
  if (!channels.empty()) claims.raw("channels", channels);
  auto parsed = parse_claims(claims.finish(), {}, 0);
  if (!parsed) return std::unexpected(parsed.error().message);
  if (!info.empty()) verdict.info_json = std::move(parsed->info_json);
  verdict.rules = std::move(parsed->rules);
  return {};
}

}  // namespace

std::string_view to_name(HookKind kind) {
  static constexpr std::array<std::string_view, 3> kNames{"connect", "subscribe", "publish"};
  return kNames[std::to_underlying(kind)];
}

std::expected<HookVerdict, std::string> parse_verdict(HookKind kind, std::string_view body) {
  HookVerdict verdict;
  std::string_view info;
  std::string_view channels;
  if (!ws::is_utf8(body)) return std::unexpected("the answer is not UTF-8");
  JsonReader members = JsonReader::object(body);
  while (members.next()) {
    const std::string_view key = members.key();
    const JsonValue& value = members.value();
    if (key == "deny") {
      auto denied = parse_denial(value);
      if (!denied) return std::unexpected(std::move(denied.error()));
      verdict.denied = std::move(*denied);
    } else if (key == "payload" && kind == HookKind::publish) {
      if (value.kind != JsonKind::object) return std::unexpected("payload is not an object");
      verdict.payload_json = value.raw;
    } else if (key == "permissions" && kind == HookKind::subscribe) {
      auto permissions = parse_permissions(value);
      if (!permissions) return std::unexpected(std::move(permissions.error()));
      verdict.permissions = *permissions;
    } else if (key == "info" && kind == HookKind::connect) {
      info = value.raw;
    } else if (key == "channels" && kind == HookKind::connect) {
      channels = value.raw;
    }
  }
  if (members.failed()) return std::unexpected("the answer is not a JSON object");
  if (auto granted = read_grants(info, channels, verdict); !granted)
    return std::unexpected(std::move(granted.error()));
  return verdict;
}

}  // namespace tidewire
