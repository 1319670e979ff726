#pragma once

#include <limits>

#include "base/clock.h"

namespace tidewire {

/// A token bucket: `burst` tokens at most, refilled at `rate_per_s`. In any stretch of t seconds
/// it grants at most rate_per_s * t + burst.
///
/// Owner:  what is being limited; a value of 24 bytes, since a connection has several.
/// Thread: its owner's. Time: handed in; a clock that goes back refills nothing.
/// Limits: a cost above `burst` is never granted; a rate of 0 never refills.
class TokenBucket {
 public:
  static constexpr int kNever = std::numeric_limits<int>::max();

  /// Starts full. Values are kept as floats, rounded down.
  TokenBucket(double rate_per_s, double burst);
  /// As the configuration means it: a rate of 0 is no limit.
  [[nodiscard]] static TokenBucket configured(std::uint64_t rate_per_s, std::uint64_t burst) {
    constexpr double kUnlimited = 1e15;
    return rate_per_s == 0
               ? TokenBucket(kUnlimited, kUnlimited)
               : TokenBucket(static_cast<double>(rate_per_s), static_cast<double>(burst));
  }

  /// Takes `cost` tokens if they are there; otherwise takes nothing and says false.
  [[nodiscard]] bool take(double cost, MonoMicros now);

  /// How long until take(cost) could succeed: 0 when it would now, kNever when it never will.
  [[nodiscard]] int retry_after_ms(double cost, MonoMicros now) const;

 private:
  [[nodiscard]] double level_at(MonoMicros now) const;

  float rate_per_us_;
  float burst_;
  double level_;
  MonoMicros updated_us_;
};
static_assert(sizeof(TokenBucket) <= 24);

}  // namespace tidewire
