#include "server/batch_window.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

class BatchWindowTest : public ::testing::Test {
 protected:
  bool ready(const BatchLimits& batch, std::size_t messages = 1, std::size_t bytes = 10) {
    const bool now = window_.ready(batch, messages, bytes, now_, timers_);
    if (now) window_.written(now_);
    return now;
  }
  void advance(MonoMillis ms) {
    now_ += ms;
    timers_.advance(now_);
  }

  MonoMillis now_ = 1'000;
  int fired_ = 0;
  TimerWheel timers_{now_};
  BatchWindow window_{[](void* self) { ++static_cast<BatchWindowTest*>(self)->fired_; }, this};
};

TEST_F(BatchWindowTest, SendsTheFirstAfterAQuietTimeAtOnce) {
  EXPECT_TRUE(ready({.delay_ms = 100}));
  EXPECT_FALSE(ready({.delay_ms = 100})) << "within the delay after a write it waits";
  advance(60);
  EXPECT_EQ(fired_, 0);
  advance(60);
  EXPECT_EQ(fired_, 1);
  window_.written(now_);
  advance(100);
  EXPECT_TRUE(ready({.delay_ms = 100}));
}

TEST_F(BatchWindowTest, EndsEarlyWhenTheBatchIsFull) {
  const BatchLimits batch{.delay_ms = 100, .messages = 3, .bytes = 1'000};
  EXPECT_TRUE(ready(batch));
  EXPECT_FALSE(ready(batch, 2, 999));
  EXPECT_TRUE(ready(batch, 3, 30));
  EXPECT_FALSE(ready(batch, 1, 999));
  EXPECT_TRUE(ready(batch, 1, 1'000));
  advance(300);
  EXPECT_EQ(fired_, 0) << "what was written needs no timer";
}

TEST_F(BatchWindowTest, TakesTheShorterOfTwoDelays) {
  EXPECT_TRUE(ready({.delay_ms = 1'000}));
  EXPECT_FALSE(ready({.delay_ms = 1'000}));
  EXPECT_FALSE(ready({.delay_ms = 50}));
  advance(80);
  EXPECT_EQ(fired_, 1);
}

TEST(BatchLimits, JoinTheLongerDelayAndTheSmallerBatch) {
  const BatchLimits joined = BatchLimits{.delay_ms = 10, .messages = 0, .bytes = 500}.with(
      {.delay_ms = 40, .messages = 7, .bytes = 900});
  EXPECT_EQ(joined.delay_ms, 40);
  EXPECT_EQ(joined.messages, 7U);
  EXPECT_EQ(joined.bytes, 500U);
}

}  // namespace
}  // namespace tidewire
