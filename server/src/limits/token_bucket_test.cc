#include "limits/token_bucket.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace tidewire::token_bucket_test {
namespace {

constexpr MonoMicros kSecond = 1'000'000;

TEST(TokenBucket, StartsFullAndGrantsTheBurst) {
  TokenBucket bucket(10, 3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(1, 0));
  EXPECT_FALSE(bucket.take(1, 0));
}

TEST(TokenBucket, RefillsAtItsRateUpToTheBurst) {
  TokenBucket bucket(10, 3);
  EXPECT_TRUE(bucket.take(3, kSecond));
  EXPECT_FALSE(bucket.take(1, kSecond + 99'000));
  EXPECT_TRUE(bucket.take(1, kSecond + 100'010));
  EXPECT_TRUE(bucket.take(3, 100 * kSecond));
  EXPECT_FALSE(bucket.take(1, 100 * kSecond));
}

TEST(TokenBucket, ARefusalTakesNothing) {
  TokenBucket bucket(1, 10);
  EXPECT_FALSE(bucket.take(11, 0));
  EXPECT_TRUE(bucket.take(10, 0));
}

TEST(TokenBucket, AClockThatGoesBackRefillsNothing) {
  TokenBucket bucket(1000, 1);
  EXPECT_TRUE(bucket.take(1, 10 * kSecond));
  EXPECT_FALSE(bucket.take(1, 5 * kSecond));
  EXPECT_FALSE(bucket.take(1, 10 * kSecond));
  EXPECT_TRUE(bucket.take(1, 11 * kSecond));
}

TEST(TokenBucket, RefusesCostsThatAreNotCosts) {
  TokenBucket bucket(1, 10);
  EXPECT_FALSE(bucket.take(-1, 0));
  EXPECT_FALSE(bucket.take(std::numeric_limits<double>::quiet_NaN(), 0));
  EXPECT_FALSE(bucket.take(std::numeric_limits<double>::infinity(), 0));
  EXPECT_TRUE(bucket.take(0, 0));
}

TEST(TokenBucket, SaysWhenToComeBack) {
  TokenBucket bucket(10, 5);
  EXPECT_EQ(bucket.retry_after_ms(5, 0), 0);
  EXPECT_TRUE(bucket.take(5, 0));
  EXPECT_EQ(bucket.retry_after_ms(1, 0), 101);
  EXPECT_EQ(bucket.retry_after_ms(6, 0), TokenBucket::kNever);
  TokenBucket dry(0, 1);
  EXPECT_TRUE(dry.take(1, 0));
  EXPECT_EQ(dry.retry_after_ms(1, 1000 * kSecond), TokenBucket::kNever);
}

TEST(TokenBucket, GrantsAfterTheTimeItNamed) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    const double rate = std::uniform_real_distribution(0.01, 1e6)(random);
    const double burst = std::uniform_real_distribution(1.0, 1e6)(random);
    TokenBucket bucket(rate, burst);
    const MonoMicros now = static_cast<MonoMicros>(random() % 1'000'000'000'000);
    while (bucket.take(burst / 7, now)) {
    }
    const int wait = bucket.retry_after_ms(burst / 7, now);
    ASSERT_GT(wait, 0);
    EXPECT_TRUE(bucket.take(burst / 7, now + static_cast<MonoMicros>(wait) * 1000));
  }
}

TEST(TokenBucket, NeverGrantsMoreThanRateTimesTimePlusBurst) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    const double rate = std::uniform_real_distribution(0.1, 1e7)(random);
    const double burst = std::uniform_real_distribution(0.5, 1e6)(random);
    TokenBucket bucket(rate, burst);
    const MonoMicros start = static_cast<MonoMicros>(random() % 1'000'000'000'000);
    MonoMicros now = start;
    double granted = 0;
    for (int i = 0; i < 1000; ++i) {
      now += static_cast<MonoMicros>(random() % 50'000);
      const double cost = std::uniform_real_distribution(0.0, burst)(random);
      if (bucket.take(cost, now)) granted += cost;
      const double allowed = rate * static_cast<double>(now - start) / 1e6 + burst;
      ASSERT_LE(granted, allowed * (1 + 1e-9));
    }
  }
}

TEST(TokenBucket, HasNoLimitWhenTheConfiguredRateIsZero) {
  TokenBucket unlimited = TokenBucket::configured(0, 1);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(unlimited.take(1e9, 0));
  TokenBucket limited = TokenBucket::configured(1, 2);
  EXPECT_TRUE(limited.take(2, 0));
  EXPECT_FALSE(limited.take(1, 0));
}

}  // namespace
}  // namespace tidewire::token_bucket_test
