#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "auth/permission_set.h"
#include "base/clock.h"
#include "protocol/error.h"

namespace tidewire {

/// One entry of the `channels` claim: what its holder may do on the channels it matches.
struct ChannelRule {
  std::string match;    // an exact channel name, or a prefix (its '*' removed)
  bool prefix = false;  // "chat:*" is {"chat:", true}; "*" is {"", true}: every channel
  PermissionSet allow;

  [[nodiscard]] bool matches(std::string_view channel) const {
    return prefix ? channel.starts_with(match) : channel == match;
  }
};

/// Who holds a verified token, and what it allows: what counts for as long as it does.
struct Holder {
  std::string user_id;             // sub: 1..255 bytes of UTF-8 without control characters
  std::int64_t expires_at_ms = 0;  // exp, without leeway
  std::string info_json = "{}";    // info: public, shown in presence; a JSON object
  std::string meta_json = "{}";    // meta: private to the server side; a JSON object
  std::vector<ChannelRule> rules;  // channels
};

/// What a verified token says about its holder, and of itself.
struct Claims : Holder {
  std::string session_id;         // sid: the session the token is bound to; empty = any
  std::int64_t issued_at_ms = 0;  // iat; 0 when absent
};

/// What is required of a token besides its signature.
struct ClaimChecks {
  std::string issuer;    // when set, `iss` must be this
  std::string audience;  // when set, `aud` must be this or hold it
  std::int64_t leeway_ms = 30'000;
};

inline constexpr std::size_t kUserIdBytesMax = 255;
inline constexpr std::size_t kSidBytesMax = 64;
inline constexpr std::size_t kChannelRulesMax = 128;

/// Reads the payload of a token whose signature has been verified (RFC 7519 section 4 and
/// protocol.md section 6). A claim of the wrong type or value is token_invalid and named in the
/// message; a token past `exp` and the leeway is token_expired. Unknown claims are ignored,
/// duplicate names at any depth are refused.
[[nodiscard]] std::expected<Claims, Error> parse_claims(std::string_view payload_json,
                                                        const ClaimChecks& checks, WallMillis now);

}  // namespace tidewire
