#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "session/outbox_fixture.h"

namespace tidewire::outbox_test {
namespace {

TEST_F(OutboxTest, DropsEphemeralEventsFirstUnderPressure) {
  limit(8'000);
  stall();
  PushResult result = PushResult::queued;
  int kept = 0;
  while ((result = push(publication(DeliveryClass::ephemeral, "t", Priority::low))) ==
         PushResult::queued)
    ++kept;
  EXPECT_EQ(result, PushResult::dropped);
  EXPECT_GT(kept, 0);
  EXPECT_LT(outbox_->queued_bytes(), 2'000U) << "an eighth of the limit and the stalled frame";
  EXPECT_EQ(push(publication(DeliveryClass::durable, "d")), PushResult::queued);
}

TEST_F(OutboxTest, OverflowsAtItsLimitOfBytesAndOfFrames) {
  const std::size_t cost = text("d").cost();
  limit(10 * cost);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(push("d"), PushResult::queued);
  EXPECT_EQ(push("d"), PushResult::overflow);

  limit(1 << 20, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(push("d"), PushResult::queued);
  EXPECT_EQ(push(publication(DeliveryClass::durable, "d")), PushResult::overflow);
  EXPECT_EQ(push(publication(DeliveryClass::ephemeral, "e")), PushResult::dropped);
}

TEST_F(OutboxTest, OverflowsRatherThanLoseALatestEventThatMustNotBeLost) {
  limit(1 << 20, 1);
  EXPECT_EQ(push("a"), PushResult::queued);
  EXPECT_EQ(push(publication(DeliveryClass::latest, "b", Priority::normal, "s")),
            PushResult::dropped);
  auto state = std::make_shared<Publication>(
      *publication(DeliveryClass::latest, "b", Priority::normal, "s"));
  state->lossless = true;
  EXPECT_EQ(push(state), PushResult::overflow);
}

TEST_F(OutboxTest, LetsOneLargeReplyIntoAnEmptyOutbox) {
  limit(100);
  EXPECT_EQ(push(std::string(5'000, 'x')), PushResult::queued);
  EXPECT_EQ(push("y"), PushResult::overflow);
}

TEST_F(OutboxTest, OverflowsWhenAFoldedMessageGrowsPastTheLimit) {
  limit(20'000);
  stall();
  PushResult result = PushResult::queued;
  for (std::uint64_t index = 1; index <= 100 && result != PushResult::overflow; ++index)
    result = push(piece(index, std::string(1'000, 'x')));
  EXPECT_EQ(result, PushResult::overflow);
}

TEST_F(OutboxTest, GivesTheTextOfAGrowingMessageRoomOfItsOwn) {
  limits_ = {.queued_bytes_max = 20'000, .folded_bytes_max = 50'000};
  outbox_.emplace(limits_, form_, metrics_);
  stall();
  std::uint64_t index = 0;
  while (outbox_->queued_bytes() < 60'000)
    ASSERT_NE(push(piece(++index, std::string(1'000, 'x'))), PushResult::overflow);
  EXPECT_EQ(push(publication(DeliveryClass::durable, "d"), 1), PushResult::queued)
      << "what others send has its own room";
  PushResult result = PushResult::merged;
  while (result == PushResult::merged && index < 1'000)
    result = push(piece(++index, std::string(1'000, 'x')));
  EXPECT_EQ(result, PushResult::overflow);
  EXPECT_LE(outbox_->queued_bytes(), 72'000U);
}

TEST_F(OutboxTest, SpillsAChannelInsteadOfClosing) {
  limit(text("stalled").cost() + 9 * text("d").cost());
  stall();
  push(publication(DeliveryClass::durable, "b"), 1);
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(push(publication(DeliveryClass::durable, "d"), 0, OverflowPolicy::spill),
              PushResult::queued);
  EXPECT_EQ(push(publication(DeliveryClass::durable, "d"), 0, OverflowPolicy::spill),
            PushResult::dropped);
  EXPECT_EQ(form_.spills, std::vector<const Subscription*>{channels_.data()});
  EXPECT_EQ(metrics_.spills[LimitLabel::queue_bytes].value(), 1U);
  EXPECT_EQ(metrics_.drops[DropLabel::spilled].value(), 9U);
  EXPECT_FALSE(outbox_->spill_over());
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"b"}));
  EXPECT_TRUE(outbox_->spill_over());
}

TEST_F(OutboxTest, SpillsOthersBeforeItClosesForOneThatMustNotBeSpilled) {
  limit(text("stalled").cost() + 9 * text("d").cost());
  stall();
  for (int i = 0; i < 9; ++i)
    push(publication(DeliveryClass::durable, "d"), 0, OverflowPolicy::drop_oldest);
  EXPECT_EQ(push("r"), PushResult::queued) << "the channel gave its room";
  EXPECT_EQ(form_.spills, std::vector<const Subscription*>{channels_.data()});
  for (int i = 0; i < 8; ++i) push("r");
  EXPECT_EQ(push(publication(DeliveryClass::durable, "d"), 1), PushResult::overflow);
  EXPECT_EQ(metrics_.slow_disconnects[LimitLabel::queue_bytes].value(), 1U);
}

TEST_F(OutboxTest, DropsTheOldestOfAChannelThatSaysSo) {
  limit(1 << 20, 5);
  stall();
  push(publication(DeliveryClass::ephemeral, "other"), 1);
  for (const char* each : {"1", "2", "3"})
    push(publication(DeliveryClass::ephemeral, each), 0, OverflowPolicy::drop_oldest);
  EXPECT_EQ(push(publication(DeliveryClass::ephemeral, "4"), 0, OverflowPolicy::drop_oldest),
            PushResult::queued);
  EXPECT_EQ(metrics_.drops[DropLabel::oldest].value(), 3U) << "room for a while, not for one";
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"other", "4"}));
}

TEST_F(OutboxTest, DropsNoSharedStateForOthers) {
  limit(1 << 20, 4);
  stall();
  const auto state = [&](const char* value, const char* slot) {
    auto made = std::make_shared<Publication>(
        *publication(DeliveryClass::latest, value, Priority::normal, slot));
    made->lossless = true;
    return push(made, 0, OverflowPolicy::drop_oldest);
  };
  state("a", "key a");
  push(publication(DeliveryClass::ephemeral, "1"), 0, OverflowPolicy::drop_oldest);
  state("b", "key b");
  push(publication(DeliveryClass::ephemeral, "2"), 0, OverflowPolicy::drop_oldest);
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"a", "b", "2"}));
}

TEST_F(OutboxTest, SpillsAFoldedMessageThatOutgrowsTheQueueWhereThePolicySaysSo) {
  limit(20'000);
  stall();
  for (std::uint64_t index = 1; index <= 100 && form_.spills.empty(); ++index)
    EXPECT_NE(
        outbox_->push(piece(index, std::string(1'000, 'x'))->frame,
                      piece(index, std::string(1'000, 'x')), channels_[0], OverflowPolicy::fold, 0),
        PushResult::overflow);
  EXPECT_EQ(form_.spills.size(), 1U);
  EXPECT_LT(outbox_->queued_bytes(), 1'000U);
}

TEST_F(OutboxTest, ClosesForAnythingWhereThePolicySaysSo) {
  limit(1 << 20, 2);
  stall();
  const auto tick = publication(DeliveryClass::ephemeral, "e");
  EXPECT_EQ(push(tick, 0, OverflowPolicy::disconnect), PushResult::queued);
  EXPECT_EQ(push(tick, 0, OverflowPolicy::disconnect), PushResult::overflow);
  EXPECT_EQ(metrics_.slow_disconnects[LimitLabel::queue_messages].value(), 1U);
}

TEST_F(OutboxTest, HoldsTheBytesOfALane) {
  const std::size_t cost = text("d").cost();
  LaneLimits lanes;
  lanes.bytes_max[std::to_underlying(Priority::low)] = 3 * cost;
  limit(1 << 20, 1'000, lanes);
  const auto low = publication(DeliveryClass::durable, "d", Priority::low);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(push(low), PushResult::queued);
  EXPECT_EQ(metrics_.lane_bytes[LaneLabel::low].value(), static_cast<std::int64_t>(3 * cost));
  EXPECT_EQ(push(low), PushResult::overflow);
  EXPECT_EQ(metrics_.slow_disconnects[LimitLabel::lane_bytes].value(), 1U);
  EXPECT_EQ(push(publication(DeliveryClass::durable, "n"), 1), PushResult::queued);
}

/// Random events of every class, priority and policy against a reader of random appetite. Every
/// ordered event of a channel arrives in order and without a hole, until the channel is spilled.
TEST_F(OutboxTest, LosesNothingInOrderWithoutTelling) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto roll = [&](unsigned sides) { return random() % sides; };
    form_.spills.clear();
    const std::size_t bytes_max = 4'000 + roll(20'000);
    limit(bytes_max, 50 + roll(200));
    std::array<std::uint64_t, 4> sent{};
    std::string bytes;
    bool closed = false;
    std::map<std::size_t, std::uint64_t> last_before_spill;
    for (int step = 0; step < 600 && !closed; ++step) {
      const std::size_t channel = roll(4);
      const bool spilled =
          std::ranges::find(form_.spills, &channels_[channel]) != form_.spills.end();
      if (roll(3) != 0 && !spilled) {
        const bool durable = roll(2) == 0;
        const auto priority = static_cast<Priority>(roll(4));
        // The channel's policy: what it is does not change.
        const auto policy = channel < 2    ? OverflowPolicy::spill
                            : channel == 2 ? OverflowPolicy::drop_oldest
                                           : OverflowPolicy::by_class;
        const std::string name = std::to_string(channel) + (durable ? ":" : "?");
        const std::string payload =
            name + std::to_string(durable ? ++sent[channel] : 0) + std::string(roll(80), '.');
        const auto result =
            push(publication(durable ? DeliveryClass::durable : DeliveryClass::ephemeral, payload,
                             priority),
                 channel, policy);
        if (result == PushResult::overflow) closed = true;
      } else {
        bytes += read_bytes(roll(2'000));
      }
      ASSERT_LE(outbox_->queued_bytes(), bytes_max + 300) << "seed " << seed;
    }
    if (closed) outbox_->clear();
    while (!outbox_->empty()) bytes += read_bytes(1 << 20);
    EXPECT_EQ(metrics_.queue_bytes.value(), 0);
    for (const LaneLabel lane :
         {LaneLabel::critical, LaneLabel::high, LaneLabel::normal, LaneLabel::low})
      EXPECT_EQ(metrics_.lane_bytes[lane].value(), 0) << "seed " << seed;
    std::array<std::uint64_t, 4> got{};
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = static_cast<unsigned char>(bytes[at + 1]);
      ASSERT_LT(size, 126);
      const std::string payload = bytes.substr(at + 2, size);
      at += 2U + size;
      const auto channel = static_cast<std::size_t>(payload[0] - '0');
      if (payload[1] == ':') {
        ASSERT_EQ(std::stoull(payload.substr(2)), ++got[channel])
            << "seed " << seed << " channel " << channel;
      }
    }
    for (std::size_t channel = 0; channel < 4; ++channel) {
      const bool told =
          closed || std::ranges::find(form_.spills, &channels_[channel]) != form_.spills.end();
      EXPECT_TRUE(told || got[channel] == sent[channel]) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace tidewire::outbox_test
