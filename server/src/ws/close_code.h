#pragma once

#include <cstdint>

namespace tidewire::ws {

/// The close codes the engine itself uses (RFC 6455 section 7.4.1).
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseProtocolError = 1002;
inline constexpr std::uint16_t kCloseNoStatus = 1005;  // "the body was empty"; never on the wire
inline constexpr std::uint16_t kCloseInvalidPayload = 1007;
inline constexpr std::uint16_t kCloseTooBig = 1009;
inline constexpr std::uint16_t kCloseInternalError = 1011;

/// Whether a peer may put `code` into a Close frame: 1000-1003, 1007-1014 (1012-1014 by the IANA
/// registry) and the ranges for libraries and applications, 3000-4999.
[[nodiscard]] constexpr bool may_arrive(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

/// Whether this server may start a close with `code`: as above without 1010, which only a client
/// may say. 1005, 1006 and 1015 never leave (RFC 6455 section 7.4.1).
[[nodiscard]] constexpr bool may_send(std::uint16_t code) {
  return may_arrive(code) && code != 1010;
}

}  // namespace tidewire::ws
