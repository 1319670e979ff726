#include "session/ack_tracker.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

using Taken = AckTracker::Taken;
using Result = AckTracker::Result;

constexpr AckPolicy kPolicy{.timeout_ms = 1'000, .attempts_max = 3, .window = 4};

AckTracker at(std::uint64_t offset) {
  AckTracker tracker(kPolicy);
  tracker.begin({.acked = offset}, offset, 0);
  return tracker;
}

TEST(AckTracker, SendsUpToTheWindowAndHoldsTheRest) {
  AckTracker tracker = at(10);
  for (std::uint64_t offset = 11; offset <= 14; ++offset)
    EXPECT_EQ(tracker.take(offset, 0), Taken::send);
  EXPECT_EQ(tracker.take(15, 0), Taken::hold);
  EXPECT_EQ(tracker.take(16, 0), Taken::hold);
  EXPECT_EQ(tracker.unacknowledged(), 4U);
  EXPECT_EQ(tracker.wanted(), 0U);
}

TEST(AckTracker, WantsWhatItHeldOnceThereIsRoom) {
  AckTracker tracker = at(0);
  for (std::uint64_t offset = 1; offset <= 9; ++offset) (void)tracker.take(offset, 0);
  EXPECT_EQ(tracker.acknowledge(3, 0), Result::moved);
  EXPECT_EQ(tracker.wanted(), 3U);
  EXPECT_EQ(tracker.take(6, 0), Taken::hold) << "5 comes first";
  EXPECT_EQ(tracker.take(5, 0), Taken::send);
  EXPECT_EQ(tracker.take(5, 0), Taken::known);
  EXPECT_EQ(tracker.wanted(), 2U);
}

TEST(AckTracker, AcksAreCumulativeAndOnlyMoveForward) {
  AckTracker tracker = at(0);
  for (std::uint64_t offset = 1; offset <= 4; ++offset) (void)tracker.take(offset, 0);
  EXPECT_EQ(tracker.acknowledge(5, 0), Result::ahead);
  EXPECT_EQ(tracker.acked(), 0U);
  EXPECT_EQ(tracker.acknowledge(3, 0), Result::moved);
  EXPECT_EQ(tracker.acknowledge(3, 0), Result::repeated);
  EXPECT_EQ(tracker.acknowledge(1, 0), Result::repeated);
  EXPECT_EQ(tracker.acked(), 3U);
}

TEST(AckTracker, EveryAttemptDoublesTheTimeUpToABound) {
  AckTracker tracker({.timeout_ms = 1'000, .attempts_max = 100, .window = 4});
  tracker.begin({}, 0, 0);
  EXPECT_EQ(tracker.due(), std::nullopt);
  (void)tracker.take(1, 500);
  EXPECT_EQ(tracker.due(), 1'500);
  std::vector<MonoMillis> waits;
  for (int i = 0; i < 7; ++i) {
    const MonoMillis now = *tracker.due();
    tracker.sent_again(now);
    waits.push_back(*tracker.due() - now);
  }
  EXPECT_EQ(waits, (std::vector<MonoMillis>{2'000, 4'000, 8'000, 16'000, 16'000, 16'000, 16'000}));
}

TEST(AckTracker, ProgressStartsTheTimeAnew) {
  AckTracker tracker = at(0);
  (void)tracker.take(1, 0);
  (void)tracker.take(2, 0);
  tracker.sent_again(1'000);
  EXPECT_EQ(tracker.attempts(), 2U);
  EXPECT_EQ(tracker.acknowledge(1, 1'500), Result::moved);
  EXPECT_EQ(tracker.attempts(), 1U);
  EXPECT_EQ(tracker.due(), 2'500);
  EXPECT_EQ(tracker.acknowledge(2, 1'600), Result::moved);
  EXPECT_EQ(tracker.due(), std::nullopt);
}

TEST(AckTracker, IsExhaustedAfterTheLastAttemptAndGoesOnBehindIt) {
  AckTracker tracker = at(0);
  (void)tracker.take(1, 0);
  (void)tracker.take(2, 0);
  EXPECT_FALSE(tracker.exhausted());
  tracker.sent_again(0);
  tracker.sent_again(0);
  EXPECT_TRUE(tracker.exhausted());
  tracker.pass(1, 0);
  EXPECT_EQ(tracker.acked(), 1U);
  EXPECT_FALSE(tracker.exhausted()) << "the next one has its own attempts";
}

TEST(AckTracker, WhatTheClientDoesNotGetNeedsNoAck) {
  AckTracker tracker = at(0);
  tracker.take_own(1, 0);
  EXPECT_EQ(tracker.acked(), 1U);
  EXPECT_EQ(tracker.due(), std::nullopt);
  (void)tracker.take(2, 0);
  tracker.take_own(3, 0);
  EXPECT_EQ(tracker.unacknowledged(), 2U);
  EXPECT_EQ(tracker.acknowledge(2, 0), Result::moved);
  tracker.take_own(3, 0);  // as it is read to be sent again
  EXPECT_EQ(tracker.due(), std::nullopt);
}

TEST(AckTracker, AttemptsOutliveTheConnection) {
  AckTracker before = at(0);
  (void)before.take(1, 0);
  before.sent_again(0);
  const AckState state = before.state();
  EXPECT_EQ(state.attempts, 2U);
  AckTracker after(kPolicy);
  after.begin(state, 1, 0);
  EXPECT_TRUE(after.exhausted()) << "that was the third time";
  EXPECT_EQ(at(7).state().attempts, 0U);
}

}  // namespace
}  // namespace tidewire
