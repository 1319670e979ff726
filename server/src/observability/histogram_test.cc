#include "observability/histogram.h"

#include <random>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(Histogram, ABucketHoldsItsUpperBoundAndNotOneMore) {
  for (std::size_t bucket = 0; bucket + 1 < Histogram::kBuckets; ++bucket) {
    const std::uint64_t bound = Histogram::upper_bound(bucket);
    EXPECT_EQ(Histogram::bucket_of(bound), bucket) << bound;
    EXPECT_EQ(Histogram::bucket_of(bound + 1), bucket + 1) << bound;
  }
}

TEST(Histogram, EveryValueHasABucket) {
  EXPECT_EQ(Histogram::bucket_of(0), 0U);
  EXPECT_EQ(Histogram::bucket_of(1), 0U);
  EXPECT_EQ(Histogram::bucket_of(~std::uint64_t{0}), Histogram::kBuckets - 1);
}

TEST(Histogram, ABucketIsAtMostAQuarterWide) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = (random() >> (random() % 60)) | 4;
    const std::size_t bucket = Histogram::bucket_of(value);
    if (bucket + 1 == Histogram::kBuckets) continue;
    const auto bound = static_cast<double>(Histogram::upper_bound(bucket));
    EXPECT_LE(bound, static_cast<double>(value) * 1.25) << value;
  }
}

TEST(Histogram, CountsAndAddsUp) {
  Histogram histogram;
  histogram.record(std::chrono::microseconds(3));
  histogram.record(std::chrono::nanoseconds(-5));
  EXPECT_EQ(histogram.sum(), 3000U);
  EXPECT_EQ(histogram.count(Histogram::bucket_of(3000)), 1U);
  EXPECT_EQ(histogram.count(0), 1U);
}

}  // namespace
}  // namespace tidewire
