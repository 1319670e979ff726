#include "session/publish_window.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

PublishAck ack_at(std::uint64_t offset) { return {.position = StreamPosition{"e", offset}}; }

TEST(PublishWindow, AnswersARepeatedNumberWithItsPosition) {
  PublishWindow window;
  EXPECT_FALSE(window.find(1));
  window.remember(1, ack_at(41));
  const auto again = window.find(1);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->position->offset, 41U);
}

TEST(PublishWindow, ASkippedNumberWasNotTaken) {
  PublishWindow window;
  window.remember(1, ack_at(1));
  window.remember(5, ack_at(2));
  EXPECT_FALSE(window.find(3));
  window.remember(3, ack_at(3));
  EXPECT_EQ(window.find(3)->position->offset, 3U);
  EXPECT_EQ(window.last(), 5U);
}

TEST(PublishWindow, WhatIsOlderThanTheWindowCountsAsTakenWithoutAPosition) {
  PublishWindow window;
  for (std::uint64_t seq = 1; seq <= PublishWindow::kSize + 1; ++seq)
    window.remember(seq, ack_at(seq));
  ASSERT_TRUE(window.find(1));
  EXPECT_TRUE(window.find(1)->duplicate);
  EXPECT_FALSE(window.find(1)->position);
  EXPECT_EQ(window.find(2)->position->offset, 2U);
  window.remember(1, ack_at(99));
  EXPECT_FALSE(window.find(1)->position) << "an old number does not push out a new one";
}

}  // namespace
}  // namespace tidewire
