#include "limits/rate_limiter.h"

#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "limits/session_rates.h"

namespace tidewire::rate_limiter_test {
namespace {

constexpr MonoMicros kSecond = 1'000'000;
constexpr MonoMicros kStart = 50 * kSecond;

TEST(SharedBucket, GrantsTheBurstAndThenTheRate) {
  const RateSpec spec = RateSpec::of(10, 5);
  SharedBucket bucket;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(bucket.take(spec, 1, kStart)) << i;
  EXPECT_EQ(bucket.take(spec, 1, kStart), 100'000) << "a tenth of a second for the next";
  EXPECT_EQ(bucket.take(spec, 1, kStart + 99'999), 1);
  EXPECT_FALSE(bucket.take(spec, 1, kStart + 100'000));
  EXPECT_FALSE(bucket.take(spec, 5, kStart + 2 * kSecond)) << "never more than full";
  EXPECT_TRUE(bucket.take(spec, 1, kStart + 2 * kSecond));
}

TEST(SharedBucket, HasABurstOfTwiceTheRateUnlessToldOtherwise) {
  const RateSpec spec = RateSpec::of(10, 0);
  SharedBucket bucket;
  EXPECT_FALSE(bucket.take(spec, 20, kStart));
  EXPECT_TRUE(bucket.take(spec, 1, kStart));
  EXPECT_FALSE(RateSpec::of(0, 100).limits());
}

TEST(SharedBucket, LetsSomethingLargerThanTheBurstPassWhenItIsFull) {
  const RateSpec spec = RateSpec::of(100, 100);
  SharedBucket bucket;
  EXPECT_FALSE(bucket.take(spec, 300, kStart)) << "or it could never be sent";
  EXPECT_EQ(bucket.take(spec, 100, kStart), 3 * kSecond) << "it is paid off first";
  EXPECT_FALSE(bucket.take(spec, 100, kStart + 3 * kSecond));
}

TEST(SharedBucket, TakesBackWhatWasNotUsed) {
  const RateSpec spec = RateSpec::of(1, 1);
  SharedBucket bucket;
  EXPECT_FALSE(bucket.take(spec, 1, kStart));
  bucket.give_back(spec, 1);
  EXPECT_FALSE(bucket.take(spec, 1, kStart));
  EXPECT_TRUE(bucket.take(spec, 1, kStart));
}

TEST(SharedBucket, NeverGrantsMoreThanItsRateWhateverIsAsked) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const std::uint64_t rate = 1 + random() % 1'000;
    const std::uint64_t burst = 1 + random() % 1'000;
    const RateSpec spec = RateSpec::of(rate, burst);
    SharedBucket bucket;
    MonoMicros now = kStart;
    double granted = 0;
    for (int i = 0; i < 2'000; ++i) {
      now += random() % 20'000;
      const double cost = 1.0 + static_cast<double>(random() % burst);
      if (!bucket.take(spec, cost, now)) granted += cost;
    }
    const double seconds = static_cast<double>(now - kStart) / 1e6;
    const double allowed = static_cast<double>(rate) * seconds + static_cast<double>(burst);
    EXPECT_LE(granted, allowed * 1.001 + 1) << "seed " << seed;
  }
}

TEST(SharedBucket, CountsExactlyOverThreads) {
  const RateSpec spec = RateSpec::of(1, 1'000);
  SharedBucket bucket;
  std::atomic<int> granted{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1'000; ++i)
          if (!bucket.take(spec, 1, kStart)) ++granted;
      });
  }
  EXPECT_EQ(granted, 1'000);
}

TEST(RateTable, GivesTheSameBucketsToTheSameNameAndForgetsTheOldest) {
  RateTable table(2);
  const auto ann = table.of("ann");
  EXPECT_EQ(table.of("ann"), ann);
  const auto bob = table.of("bob");
  EXPECT_NE(bob, ann);
  EXPECT_EQ(table.of("ann"), ann);
  const auto eve = table.of("eve");
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.of("ann"), ann) << "bob was asked for longest ago";
  EXPECT_NE(table.of("bob"), bob);
}

Config limited() {
  Config config;
  config.limits.user.publishes = {.per_second = 1, .burst = 3};
  config.limits.address.publishes = {.per_second = 1, .burst = 5};
  config.limits.connection.publishes = {.per_second = 1, .burst = 2};
  config.limits.api.publishes = {.per_second = 1, .burst = 1};
  config.namespaces["chat"].rates.publishes = {.per_second = 1, .burst = 4};
  return config;
}

RateScope refused_by(SessionRates& rates, const NamespaceConfig* options) {
  const auto refused = rates.take(RateKind::publishes, 1, kStart, options);
  EXPECT_TRUE(refused);
  return refused->scope;
}

TEST(SessionRates, TakesFromEveryScopeOrFromNone) {
  const Config config = limited();
  const NamespaceConfig* chat = &config.namespaces.at("chat");
  RateLimiter limiter(config);
  SessionRates one(limiter, "192.0.2.1");
  one.bind_user("ann");
  EXPECT_FALSE(one.take(RateKind::publishes, 1, kStart, chat));
  EXPECT_FALSE(one.take(RateKind::publishes, 1, kStart, chat));
  EXPECT_EQ(refused_by(one, chat), RateScope::connection);

  SessionRates two(limiter, "192.0.2.1");
  two.bind_user("ann");
  EXPECT_FALSE(two.take(RateKind::publishes, 1, kStart, chat));
  EXPECT_EQ(refused_by(two, chat), RateScope::user) << "three, over both connections";

  SessionRates three(limiter, "192.0.2.1");
  three.bind_user("bob");
  EXPECT_FALSE(three.take(RateKind::publishes, 1, kStart, chat));
  EXPECT_EQ(refused_by(three, chat), RateScope::name_space);
  EXPECT_FALSE(three.take(RateKind::publishes, 1, kStart)) << "the refusals cost nothing";

  SessionRates four(limiter, "192.0.2.1");
  four.bind_user("eve");
  EXPECT_EQ(refused_by(four, nullptr), RateScope::address);
  EXPECT_FALSE(four.take(RateKind::rpcs, 1'000, kStart)) << "a kind without a limit";
}

TEST(SessionRates, NamesTheLimitAndTheTime) {
  const Config config = limited();
  RateLimiter limiter(config);
  SessionRates rates(limiter, "192.0.2.1");
  EXPECT_FALSE(rates.take(RateKind::publishes, 2, kStart));
  const Error error = rates.take(RateKind::publishes, 1, kStart)->error();
  EXPECT_EQ(error.code, ErrorCode::rate_limited);
  EXPECT_EQ(error.message, "too many publishes of this connection: slow down");
  EXPECT_EQ(error.retry_after_ms, 1'000);
}

TEST(SessionRates, CountsAnIpv6ClientByItsNetwork) {
  Config config;
  config.limits.address.messages = {.per_second = 1, .burst = 1};
  RateLimiter limiter(config);
  SessionRates one(limiter, "2001:db8:0:1::1");
  SessionRates neighbour(limiter, "2001:db8:0:1:ffff::2");
  SessionRates stranger(limiter, "2001:db8:0:2::1");
  EXPECT_FALSE(one.take(RateKind::messages, 1, kStart));
  EXPECT_TRUE(neighbour.take(RateKind::messages, 1, kStart));
  EXPECT_FALSE(stranger.take(RateKind::messages, 1, kStart));
}

TEST(SessionRates, TheServerApiHasAScopeOfItsOwn) {
  const Config config = limited();
  const NamespaceConfig* chat = &config.namespaces.at("chat");
  RateLimiter limiter(config);
  const std::array one{ApiPublishes{.options = chat, .count = 1}};
  EXPECT_FALSE(take_for_api(limiter, one, kStart));
  EXPECT_EQ(take_for_api(limiter, one, kStart)->scope, RateScope::api);
}

TEST(SessionRates, ABroadcastTakesAllOfItOrNothing) {
  Config config;
  config.limits.api.publishes = {.per_second = 10, .burst = 10};
  config.namespaces["chat"].rates.publishes = {.per_second = 2, .burst = 2};
  config.namespaces["news"].rates.bytes = {.per_second = 100, .burst = 100};
  RateLimiter limiter(config);
  const ApiPublishes chat{.options = &config.namespaces.at("chat"), .count = 1};
  ApiPublishes news{.options = &config.namespaces.at("news"), .count = 4, .bytes = 400};
  EXPECT_FALSE(take_for_api(limiter, std::array{chat, news}, kStart))
      << "above a burst that is full";
  const auto refused = take_for_api(limiter, std::array{chat, news}, kStart);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind, RateKind::bytes);
  EXPECT_EQ(refused->wait_us, 4'000'000);
  EXPECT_FALSE(take_for_api(limiter, std::array{chat}, kStart)) << "the refused one took nothing";
  EXPECT_EQ(take_for_api(limiter, std::array{chat}, kStart)->scope, RateScope::name_space);
  EXPECT_FALSE(take_for_api(limiter, std::array{chat, news}, kStart + refused->wait_us));
}

TEST(SessionRates, HoldsNothingWhenNothingIsLimited) {
  const Config config;
  RateLimiter limiter(config);
  EXPECT_EQ(limiter.of_user("ann"), nullptr);
  EXPECT_EQ(limiter.of_address("192.0.2.1"), nullptr);
  SessionRates rates(limiter, "192.0.2.1");
  EXPECT_FALSE(rates.take(RateKind::publishes, 1e9, kStart, nullptr));
}

}  // namespace
}  // namespace tidewire::rate_limiter_test
