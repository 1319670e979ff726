#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tidewire::bench {

std::size_t Histogram::bucket_of(std::uint64_t us) {
  if (us < (1U << kBits)) return us;
  const unsigned shift = static_cast<unsigned>(std::bit_width(us)) - kBits - 1;
  return (static_cast<std::size_t>(shift + 1) << kBits) + (us >> shift) - (1U << kBits);
}

std::int64_t Histogram::upper_bound(std::size_t bucket) {
  const std::size_t row = bucket >> kBits;
  if (row == 0) return static_cast<std::int64_t>(bucket);
  const std::uint64_t low = ((bucket & ((1U << kBits) - 1)) + (1U << kBits)) << (row - 1);
  return static_cast<std::int64_t>(low + (std::uint64_t{1} << (row - 1)) - 1);
}

void Histogram::record(std::int64_t us) {
  us = std::max<std::int64_t>(us, 0);
  ++buckets_[bucket_of(static_cast<std::uint64_t>(us))];
  ++count_;
  max_ = std::max(max_, us);
}

void Histogram::clear() {
  std::fill(buckets_.begin(), buckets_.end(), 0);
  count_ = 0;
  max_ = 0;
}

std::int64_t Histogram::quantile(double fraction) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank && seen > 0) return std::min(upper_bound(bucket), max_);
  }
  return max_;
}

}  // namespace tidewire::bench
