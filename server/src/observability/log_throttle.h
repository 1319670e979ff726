#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace tidewire {

/// Lets one log line an interval through and counts the rest, for what a hostile client can repeat
/// at will:
///
///   if (const auto suppressed = throttle_.pass(clock.mono_ms()))
///     log_warn("token rejected", {{"reason", reason}, {"suppressed", *suppressed}});
///
/// Thread: one. Keep one for each reason and shard.
class LogThrottle {
 public:
  explicit LogThrottle(MonoMillis interval_ms = 1'000) : interval_ms_(interval_ms) {}

  /// How many lines were held back since the last one that passed, or nullopt to hold this one.
  [[nodiscard]] std::optional<std::uint64_t> pass(MonoMillis now_ms) {
    if (passed_once_ && now_ms - last_ms_ < interval_ms_) {
      ++suppressed_;
      return std::nullopt;
    }
    passed_once_ = true;
    last_ms_ = now_ms;
    return std::exchange(suppressed_, 0);
  }

 private:
  MonoMillis interval_ms_;
  MonoMillis last_ms_ = 0;
  std::uint64_t suppressed_ = 0;
  bool passed_once_ = false;
};

}  // namespace tidewire
