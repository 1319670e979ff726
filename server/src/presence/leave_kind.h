#pragma once

#include <cstdint>

namespace tidewire {

/// How a device leaves a channel.
enum class LeaveKind : std::uint8_t {
  left,  // on purpose: unsubscribed, closed for good, no longer allowed
  lost   // its connection is gone and may come back: presence lingers for `presence.grace`
};

/// What a connection's close code says about that: 1000 or no code means that the client is done,
/// 4400 and above that it must not come back; after any other end a client reconnects.
[[nodiscard]] constexpr LeaveKind leave_kind(std::uint16_t close_code) {
  constexpr std::uint16_t kNormal = 1000;
  constexpr std::uint16_t kNoCode = 1005;
  constexpr std::uint16_t kStayAway = 4400;
  return close_code == kNormal || close_code == kNoCode || close_code >= kStayAway
             ? LeaveKind::left
             : LeaveKind::lost;
}

}  // namespace tidewire
