#include "session/lanes.h"

#include <gtest/gtest.h>

#include "hub/subscription.h"

namespace tidewire {
namespace {

class Nobody final : public Subscriber {
 public:
  void deliver(Subscription& /*subscription*/, Rendering& /*rendering*/) override {}
};

class LanesTest : public ::testing::Test {
 protected:
  QueuedFrame frame(std::size_t payload_bytes, Subscription* channel = nullptr) {
    QueuedFrame made{
        .frame = ws::SharedFrame::make(ws::Opcode::text, std::string(payload_bytes, 'x')),
        .channel = channel};
    made.cost = static_cast<std::uint32_t>(made.frame.cost());
    made.ordered = channel != nullptr ? 1 : 0;
    return made;
  }
  /// Where an ordered frame of the channel would go.
  std::size_t settle(Subscription* channel, std::size_t lane) {
    QueuedFrame ordered = frame(10, channel);
    return lanes_.settle(ordered, lane);
  }
  /// A frame that has no order within its channel goes where it belongs.
  std::size_t push_free(Subscription& channel, std::size_t lane, bool anchor = false) {
    QueuedFrame free = frame(10, &channel);
    free.ordered = 0;
    free.anchor = anchor ? 1 : 0;
    const std::size_t settled = lanes_.settle(free, lane);
    lanes_.push(std::move(free), settled);
    return settled;
  }
  void fill(Priority lane, std::size_t frames, std::size_t payload_bytes) {
    for (std::size_t i = 0; i < frames; ++i)
      lanes_.push(frame(payload_bytes), std::to_underlying(lane));
  }
  /// The bytes of each lane that leave in one take().
  std::array<std::size_t, Lanes::kLanes> take(std::size_t bytes_max) {
    QueuedFrames out;
    lanes_.take(bytes_max, out);
    std::array<std::size_t, Lanes::kLanes> bytes{};
    for (const QueuedFrame& each : out) bytes[each.lane] += each.cost;
    return bytes;
  }

  ServerMetrics metrics_;
  LaneLimits limits_;
  Lanes lanes_{limits_, metrics_};
  Nobody nobody_;
  Subscription channel_{nobody_, "a:1"};
};

TEST_F(LanesTest, ShareWhatLeavesByWeight) {
  for (const Priority lane : {Priority::critical, Priority::high, Priority::normal, Priority::low})
    fill(lane, 2'000, 100);
  std::array<std::size_t, Lanes::kLanes> sum{};
  for (int i = 0; i < 20; ++i) {
    const auto bytes = take(16 * 1024);
    for (std::size_t lane = 0; lane < Lanes::kLanes; ++lane) sum[lane] += bytes[lane];
  }
  const auto low = static_cast<double>(sum[3]);
  EXPECT_NEAR(static_cast<double>(sum[0]) / low, 8, 1);
  EXPECT_NEAR(static_cast<double>(sum[1]) / low, 4, 0.5);
  EXPECT_NEAR(static_cast<double>(sum[2]) / low, 2, 0.25);
}

TEST_F(LanesTest, NeverStarveTheLeastUrgent) {
  fill(Priority::low, 1, 60'000);
  std::size_t before_low = 0;
  for (std::size_t low = 0; low == 0;) {
    fill(Priority::critical, 200, 100);
    const auto bytes = take(16 * 1024);
    before_low += bytes[0];
    low = bytes[3];
    ASSERT_LT(before_low, 1'000'000U);
  }
  EXPECT_NEAR(static_cast<double>(before_low), 8 * 60'000, 50'000);
}

TEST_F(LanesTest, LetAnUrgentFrameWaitForTheRestOfOneRoundAtMost) {
  for (const Priority lane : {Priority::high, Priority::normal, Priority::low})
    fill(lane, 500, 500);
  take(3'000);
  lanes_.push(frame(100), std::to_underlying(Priority::critical));
  EXPECT_GT(take(1'000)[0], 0U) << "its lane had not used its share of the round";

  fill(Priority::critical, 500, 100);
  while (take(500)[0] != 0) {
  }
  std::size_t others = 0;
  for (auto bytes = take(500); bytes[0] == 0; bytes = take(500))
    others += bytes[1] + bytes[2] + bytes[3];
  EXPECT_LE(others, 7U * Lanes::kQuantumBytes);
}

TEST_F(LanesTest, GiveTheWholeWriteToOneThatIsAlone) {
  fill(Priority::low, 100, 1'000);
  EXPECT_GE(take(64 * 1024)[3], 64U * 1024);
}

TEST_F(LanesTest, KeepAChannelInOneLane) {
  lanes_.push(frame(10, &channel_), 2);
  EXPECT_EQ(settle(&channel_, 3), 2U) << "a less urgent one joins";
  lanes_.push(frame(10), 1);
  EXPECT_EQ(settle(&channel_, 0), 0U);
  EXPECT_EQ(lanes_.first(2), nullptr) << "what waited came along";
  EXPECT_NE(lanes_.first(0), nullptr);
}

TEST_F(LanesTest, LeaveWhatHasNoOrderInItsOwnLane) {
  lanes_.push(frame(10, &channel_), 1);
  EXPECT_EQ(push_free(channel_, 3), 3U);
  EXPECT_EQ(push_free(channel_, 0), 0U);
}

TEST_F(LanesTest, KeepWhatFollowsAReplyBehindIt) {
  Subscription other(nobody_, "a:2");
  EXPECT_EQ(push_free(channel_, 2), 2U);
  EXPECT_EQ(push_free(other, 3), 3U);
  QueuedFrame reply = frame(10, &channel_);
  reply.anchor = 1;
  EXPECT_EQ(lanes_.settle(reply, 0), 0U);
  EXPECT_EQ(lanes_.first(2), nullptr) << "what was before it stays before it";
  lanes_.push(std::move(reply), 0);
  EXPECT_EQ(push_free(channel_, 3), 0U);
  EXPECT_EQ(push_free(other, 3), 3U);
  QueuedFrames out;
  while (out.empty() || !out.back().ordered) lanes_.take(1, out);
  EXPECT_EQ(push_free(channel_, 3), 0U) << "the reply has left, what followed it has not";
  lanes_.take(1 << 20, out);
  EXPECT_EQ(push_free(channel_, 3), 3U);
}

TEST_F(LanesTest, GatherWhatHasNoOrderWhereAPriorityChanged) {
  lanes_.push(frame(10), 2);
  EXPECT_EQ(push_free(channel_, 3), 3U);
  EXPECT_EQ(push_free(channel_, 1, true), 1U);
  EXPECT_EQ(lanes_.first(3), nullptr) << "the older one is before it";
  EXPECT_EQ(push_free(channel_, 3, true), 1U) << "and the newer one behind it";
  EXPECT_EQ(push_free(channel_, 3), 1U);
  QueuedFrames out;
  lanes_.take(1 << 20, out);
  EXPECT_EQ(out.size(), 5U);
}

TEST_F(LanesTest, FindAChannelAmongThousands) {
  std::vector<std::unique_ptr<Subscription>> channels;
  for (int i = 0; i < 3'000; ++i) {
    channels.push_back(std::make_unique<Subscription>(nobody_, "a:" + std::to_string(i)));
    const std::size_t lane = settle(channels.back().get(), 1U + i % 3U);
    lanes_.push(frame(10, channels.back().get()), lane);
  }
  for (std::size_t i = 0; i < channels.size(); i += 100)
    EXPECT_EQ(settle(channels[i].get(), 3), 1U + i % 3U);
  QueuedFrames out;
  lanes_.take(1 << 20, out);
  EXPECT_EQ(out.size(), 3'000U);
  EXPECT_EQ(settle(channels[0].get(), 3), 3U) << "it has left";
}

TEST_F(LanesTest, PutBackWhatWasTaken) {
  for (std::size_t i = 0; i < 10; ++i) lanes_.push(frame(10 + i), i % 2);
  QueuedFrames out;
  lanes_.take(1 << 20, out);
  ASSERT_EQ(out.size(), 10U);
  lanes_.push(frame(50), 0);
  lanes_.put_back(std::span(out).subspan(3));
  EXPECT_EQ(lanes_.frames(), 8U);
  out.resize(3);
  QueuedFrames rest;
  lanes_.take(1 << 20, rest);
  std::array<std::vector<std::size_t>, 2> sizes;
  for (const auto& part : {std::span(out), std::span(rest)})
    for (const QueuedFrame& each : part) sizes[each.lane].push_back(each.frame.payload().size());
  EXPECT_EQ(sizes[0], (std::vector<std::size_t>{10, 12, 14, 16, 18, 50}));
  EXPECT_EQ(sizes[1], (std::vector<std::size_t>{11, 13, 15, 17, 19}));
}

TEST_F(LanesTest, KeepTheirPlacesWhenAQueueNeverRunsEmpty) {
  fill(Priority::normal, 100, 10);
  fill(Priority::low, 1, 10);
  for (int i = 0; i < 200; ++i) {
    fill(Priority::normal, 100, 10);
    const auto place = lanes_.push(frame(77), 2);
    take(4'000);
    if (const QueuedFrame* found = lanes_.find(place)) {
      EXPECT_EQ(found->frame.payload().size(), 77U);
    }
    ASSERT_FALSE(lanes_.first(2) == nullptr);
  }
}

TEST_F(LanesTest, KnowAPlaceUntilItsFrameLeaves) {
  lanes_.push(frame(1), 2);
  const auto place = lanes_.push(frame(2), 2);
  ASSERT_NE(lanes_.find(place), nullptr);
  EXPECT_EQ(lanes_.find(place)->frame.payload().size(), 2U);
  QueuedFrames out;
  lanes_.take(1, out);
  EXPECT_NE(lanes_.find(place), nullptr);
  lanes_.take(1, out);
  EXPECT_EQ(lanes_.find(place), nullptr);
}

}  // namespace
}  // namespace tidewire
