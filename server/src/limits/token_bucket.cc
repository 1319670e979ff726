#include "limits/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace tidewire {
namespace {

float rounded_down(double value) {
  const auto rounded = static_cast<float>(std::max(value, 0.0));
  return static_cast<double>(rounded) > value ? std::nextafter(rounded, 0.0F) : rounded;
}

}  // namespace

TokenBucket::TokenBucket(double rate_per_s, double burst)
    : rate_per_us_(rounded_down(std::max(rate_per_s, 0.0) / 1e6)),
      burst_(rounded_down(std::max(burst, 0.0))),
      level_(burst_),
      updated_us_(0) {}

double TokenBucket::level_at(MonoMicros now) const {
  if (now <= updated_us_) return level_;
  return std::min<double>(
      burst_, level_ + static_cast<double>(now - updated_us_) * static_cast<double>(rate_per_us_));
}

bool TokenBucket::take(double cost, MonoMicros now) {
  const double level = level_at(now);
  // Written so that a cost that is not a number is refused too.
  if (!(cost >= 0 && cost <= level)) return false;
  level_ = level - cost;
  updated_us_ = std::max(updated_us_, now);
  return true;
}

int TokenBucket::retry_after_ms(double cost, MonoMicros now) const {
  const double missing = cost - level_at(now);
  if (missing <= 0) return 0;
  if (!(cost <= burst_) || rate_per_us_ <= 0) return kNever;
  // One microsecond more than computed, since the refill itself is rounded.
  const double wait_us = missing / static_cast<double>(rate_per_us_) + 1;
  const double wait_ms = std::ceil(wait_us / 1000);
  return wait_ms >= kNever ? kNever - 1 : static_cast<int>(wait_ms);
}

}  // namespace tidewire
