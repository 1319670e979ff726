#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidewire::bench {

/// Latencies in microseconds in log-linear buckets: 64 per power of two, so a quantile is off by
/// at most 1.6 %, whatever the range (Tene's HdrHistogram, with fixed precision).
class Histogram {
 public:
  void record(std::int64_t us);
  void clear();
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t max() const { return max_; }
  /// The smallest recorded value that `fraction` of all values do not exceed; 0 when empty.
  [[nodiscard]] std::int64_t quantile(double fraction) const;

 private:
  static constexpr unsigned kBits = 6;
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t us);
  [[nodiscard]] static std::int64_t upper_bound(std::size_t bucket);

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(64U << kBits, 0);
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace tidewire::bench
