#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace tidewire {

/// What a bucket grants: in any stretch of t seconds at most rate * t + burst.
struct RateSpec {
  double us_per_token = 0;  // 0: no limit
  double burst_us = 0;      // the burst, as the time that it takes to earn it

  /// A `burst` of 0 is twice the rate; a rate of 0 is no limit.
  [[nodiscard]] static RateSpec of(std::uint64_t per_second, std::uint64_t burst) {
    if (per_second == 0) return {};
    const double each = 1e6 / static_cast<double>(per_second);
    const auto size = static_cast<double>(burst == 0 ? 2 * per_second : burst);
    return {each, each * size};
  }
  [[nodiscard]] bool limits() const { return us_per_token > 0; }
};

/// A token bucket that several shards take from: the generic cell rate algorithm, whose whole
/// state is the moment at which the bucket would be full again (ITU-T I.371, annex A).
///
/// Thread: any. A take is one compare-and-swap, so the count is exact over the shards.
/// Time:   handed in, of one monotonic clock.
/// Limits: a cost above the burst passes when the bucket is full, and is paid off afterwards.
class SharedBucket {
 public:
  /// How long until this could pass; nullopt: taken.
  [[nodiscard]] std::optional<MonoMicros> take(const RateSpec& spec, double cost, MonoMicros now) {
    const auto price = static_cast<MonoMicros>(cost * spec.us_per_token);
    const auto burst = static_cast<MonoMicros>(spec.burst_us);
    MonoMicros full_at = full_at_.load(std::memory_order_relaxed);
    while (true) {
      const MonoMicros from = std::max(full_at, now);
      const MonoMicros wait = from + std::min(price, burst) - burst - now;
      if (wait > 0) return wait;
      if (full_at_.compare_exchange_weak(full_at, from + price, std::memory_order_relaxed))
        return std::nullopt;
    }
  }
  /// Undoes a take.
  void give_back(const RateSpec& spec, double cost) {
    full_at_.fetch_sub(static_cast<MonoMicros>(cost * spec.us_per_token),
                       std::memory_order_relaxed);
  }

 private:
  std::atomic<MonoMicros> full_at_{0};
};

}  // namespace tidewire
