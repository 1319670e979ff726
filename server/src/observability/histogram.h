#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "observability/counter.h"

namespace tidewire {

/// The distribution of a value, log-linear: every power of two is cut into four equal buckets, so
/// a bucket is at most 25 % wide and finding it takes two instructions.
///
/// Values are ticks: nanoseconds for times, bytes for sizes. The registry turns ticks into the base
/// unit (seconds, bytes) when it writes.
/// Thread: as Counter. Size: about 2 KB. Limit: any std::uint64_t; nothing saturates.
class Histogram {
 public:
  static constexpr std::size_t kSubBuckets = 4;
  static constexpr std::size_t kBuckets = kSubBuckets * 63;

  void record(std::uint64_t ticks) {
    buckets_[bucket_of(ticks)].add();
    sum_.add(ticks);
  }
  void record(std::chrono::nanoseconds time) {
    record(static_cast<std::uint64_t>(time.count() < 0 ? 0 : time.count()));
  }

  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return buckets_[bucket].value(); }
  [[nodiscard]] std::uint64_t sum() const { return sum_.value(); }

  /// The bucket that holds `ticks`. A bucket includes its upper bound, as Prometheus' `le` does,
  /// so what is sorted is ticks - 1: the first buckets end at 1, 2, 3 and 4, then four a power of
  /// two; 0 counts as 1.
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t ticks) {
    const std::uint64_t below = ticks == 0 ? 0 : ticks - 1;
    if (below < kSubBuckets) return below;
    const auto power = static_cast<std::size_t>(std::bit_width(below)) - 1;
    return (power - 1) * kSubBuckets + ((below >> (power - 2)) & (kSubBuckets - 1));
  }

  /// The largest value of the bucket; 0 stands for 2^64 (the last bucket).
  [[nodiscard]] static constexpr std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < kSubBuckets) return bucket + 1;
    const std::size_t shift = bucket / kSubBuckets - 1;
    return (kSubBuckets + bucket % kSubBuckets + 1) << shift;
  }

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter sum_;
};

}  // namespace tidewire
