#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/claims.h"
#include "auth/permission_set.h"
#include "protocol/error.h"

namespace tidewire {

/// What the application is asked about. The order is that of the hooks in HttpClient.
enum class HookKind : std::uint8_t { connect, subscribe, publish };
[[nodiscard]] std::string_view to_name(HookKind kind);

/// What the application said, or what counts instead when it did not.
struct HookVerdict {
  std::optional<Error> denied;  // nullopt: allowed
  bool answered = true;         // false: there was no valid answer

  std::string info_json;                             // connect: empty: as the token says
  std::vector<ChannelRule> rules;                    // connect: besides those of the token
  PermissionSet permissions = PermissionSet::all();  // subscribe: the most that remains
  std::string payload_json;                          // publish: empty: as it came
};

/// Reads an answer: `{}` allows, `{"deny": {code?, name?, message?}}` refuses, and `info`,
/// `channels`, `permissions` or `payload` change what is allowed. A `code` or `name` of
/// protocol.md, section 15 is what the client gets; any other name goes along in `error`.
/// The error is a sentence for the log.
[[nodiscard]] std::expected<HookVerdict, std::string> parse_verdict(HookKind kind,
                                                                    std::string_view body);

}  // namespace tidewire
