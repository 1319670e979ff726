#include "hub/idempotency_cache.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

PublishAck ack_at(std::uint64_t offset) { return {.position = StreamPosition{"e", offset}}; }

TEST(IdempotencyCache, AnswersARetryWithTheFirstPosition) {
  IdempotencyCache cache(10, 1000);
  EXPECT_FALSE(cache.find("ann", "k", 0));
  cache.remember("ann", "k", ack_at(7), 0);
  const auto ack = cache.find("ann", "k", 999);
  ASSERT_TRUE(ack);
  EXPECT_TRUE(ack->duplicate);
  EXPECT_EQ(ack->position->offset, 7U);
}

TEST(IdempotencyCache, ForgetsAtTheEndOfTheWindow) {
  IdempotencyCache cache(10, 1000);
  cache.remember("ann", "k", ack_at(7), 0);
  EXPECT_TRUE(cache.find("ann", "k", 999));
  EXPECT_FALSE(cache.find("ann", "k", 1000));
}

TEST(IdempotencyCache, KeepsUsersApart) {
  IdempotencyCache cache(10, 1000);
  cache.remember("ann", "k", ack_at(7), 0);
  EXPECT_FALSE(cache.find("eve", "k", 0));
  EXPECT_FALSE(cache.find("an", "nk", 0));
}

TEST(IdempotencyCache, ForgetsTheOldestPastItsLimit) {
  IdempotencyCache cache(3, 1000);
  for (int i = 0; i < 5; ++i) cache.remember("ann", std::to_string(i), ack_at(1), 0);
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_FALSE(cache.find("ann", "1", 0));
  EXPECT_TRUE(cache.find("ann", "2", 0));
}

}  // namespace
}  // namespace tidewire
