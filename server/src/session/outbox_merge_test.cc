#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "session/outbox_fixture.h"

namespace tidewire::outbox_test {
namespace {

TEST_F(OutboxTest, ConflatesLatestEventsBehindAStalledReader) {
  stall();
  for (const char* status : {"10%", "20%", "30%"})
    push(publication(DeliveryClass::latest, status, Priority::high, "status:ann"));
  push(publication(DeliveryClass::latest, "70%", Priority::high, "status:bob"));
  EXPECT_EQ(outbox_->queued_frames(), 3U);
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"status:ann@0-0:30%", "70%"}))
      << "a conflated event is rendered anew";
  EXPECT_EQ(metrics_.drops[DropLabel::conflated].value(), 2U);
}

TEST_F(OutboxTest, NeverFollowsALatestEventWithAnOlderOneBesideMoreUrgentOnes) {
  push(publication(DeliveryClass::latest, "1", Priority::low, "s"));
  push(publication(DeliveryClass::durable, "d"));
  push(publication(DeliveryClass::latest, "2", Priority::low, "s"));
  EXPECT_EQ(read_all(), (Payloads{"d", "1", "2"}));
}

TEST_F(OutboxTest, NeverFollowsALatestEventWithAnOlderOneOfAnotherPriority) {
  push(publication(DeliveryClass::latest, "1", Priority::low, "s"));
  auto urgent = std::make_shared<Publication>(
      *publication(DeliveryClass::latest, "2", Priority::critical, "s"));
  urgent->priority_varies = true;
  push(urgent);
  push(publication(DeliveryClass::latest, "3", Priority::low, "s"));
  EXPECT_EQ(read_all(), (Payloads{"1", "2", "3"}));
}

TEST_F(OutboxTest, SendsWhatIsOlderThanAReplyBeforeIt) {
  push(publication(DeliveryClass::latest, "1", Priority::low, "s"));
  push(publication(DeliveryClass::durable, "d"));
  push(publication(DeliveryClass::latest, "other", Priority::high, "s"), 1);
  (void)outbox_->push(text("reply"), channels_[0], 0);
  push(publication(DeliveryClass::latest, "2", Priority::low, "s"));
  EXPECT_EQ(read_all(), (Payloads{"d", "1", "reply", "2", "other"}));
}

TEST_F(OutboxTest, MergesNothingIntoWhatIsBeforeAReply) {
  stall();
  for (const char* each : {"1", "2", "3"}) {
    push(publication(DeliveryClass::latest, each, Priority::critical, "s"));
    (void)outbox_->push(text("reply"), channels_[0], 0);
  }
  push(publication(DeliveryClass::latest, "4", Priority::critical, "s"));
  push(publication(DeliveryClass::latest, "5", Priority::critical, "s"));
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"1", "reply", "2", "reply", "3", "reply", "s@0-0:5"}));
}

TEST_F(OutboxTest, NeverFollowsALatestEventWithAnOlderOneWhenTheReaderMovesOn) {
  limit(1 << 20);
  const auto latest = [this](std::string_view content) {
    push(publication(DeliveryClass::latest, content, Priority::normal, "s"));
  };
  push("h");
  std::string bytes = read_bytes(1);
  for (int i = 0; i < 300; ++i) push(std::string(100, 'h'));
  latest("1");
  bytes += read_bytes(1 << 20);
  ASSERT_GT(outbox_->queued_frames(), 1U) << "a part of it is on its way, the event is not";
  latest("2");
  bytes += read_bytes(1);
  latest("3");
  while (!outbox_->empty()) bytes += read_bytes(1 << 20);
  std::string order;
  for (const std::string& each : payloads_of(bytes))
    if (!each.starts_with('h')) order += each.back();
  EXPECT_EQ(order, "3");
}

TEST_F(OutboxTest, KeepsChannelsApartWhenItConflates) {
  stall();
  push(publication(DeliveryClass::latest, "x", Priority::high, "s"), 0);
  push(publication(DeliveryClass::latest, "y", Priority::high, "s"), 1);
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"x", "y"}));
}

TEST_F(OutboxTest, FoldsThePiecesOfAMessageBehindAStalledReader) {
  stall();
  push(piece(1, "Hello"));
  push(piece(2, ", "));
  push(piece(3, "world", true));
  EXPECT_EQ(outbox_->queued_frames(), 2U);
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"m@1-3:Hello, world"}));
  EXPECT_EQ(metrics_.drops[DropLabel::folded].value(), 2U);
}

TEST_F(OutboxTest, DoesNotFoldIntoAPieceThatIsOnItsWay) {
  stall();
  push(piece(1, "a"));
  read_bytes(1 << 20);
  read_bytes(1);  // piece 1 has begun to leave
  push(piece(2, "b"));
  push(piece(3, "c"));
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"m@2-3:bc"}));
}

TEST_F(OutboxTest, MergesNothingForAReaderThatKeepsUp) {
  push(piece(1, "a"));
  push(piece(2, "b"));
  EXPECT_EQ(read_all(), (Payloads{"a", "b"}));
}

TEST_F(OutboxTest, ConflatesEphemeralEventsWhereThePolicySaysSo) {
  stall();
  const auto cursor = [&](const char* at, const char* user) {
    auto made = std::make_shared<Publication>(*publication(DeliveryClass::ephemeral, at));
    made->head = std::make_shared<const PublicationHead>(
        PublicationHead{.type = "cursor", .sender = {.user_id = user}});
    return push(made, 0, OverflowPolicy::conflate);
  };
  EXPECT_EQ(cursor("1", "ann"), PushResult::queued);
  EXPECT_EQ(cursor("2", "bob"), PushResult::queued);
  EXPECT_EQ(cursor("3", "ann"), PushResult::merged);
  EXPECT_EQ(outbox_->queued_frames(), 3U);
}

/// Events of four slots, whose priorities change now and then, among durable events of every
/// priority, against a reader of random appetite: what arrives of a slot never goes back.
TEST_F(OutboxTest, NeverGoesBackInASlot) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const auto roll = [&](unsigned sides) { return random() % sides; };
    limit(4'000 + roll(40'000), 400);
    std::string bytes;
    std::array<std::uint64_t, 4> sent{};
    std::array priorities{Priority::critical, Priority::high, Priority::normal, Priority::low};
    std::array<bool, 4> varies{};
    bool closed = false;
    for (int step = 0; step < 1'000 && !closed; ++step) {
      const std::size_t slot = roll(4);
      const std::string fill(roll(90), '.');
      switch (roll(8)) {
        case 0:
          bytes += read_bytes(roll(3'000));
          break;
        case 1:
        case 2:
        case 3: {
          const auto priority = static_cast<Priority>(roll(4));
          closed = push(publication(DeliveryClass::durable, "d" + fill, priority), roll(3),
                        OverflowPolicy::spill) == PushResult::overflow;
          break;
        }
        case 4:
          push(publication(DeliveryClass::ephemeral, "e" + fill, static_cast<Priority>(roll(4))),
               roll(3), OverflowPolicy::drop_oldest);
          break;
        default: {
          if (roll(8) == 0) {
            priorities[slot] = static_cast<Priority>(roll(4));
            varies[slot] = true;
          }
          auto made = std::make_shared<Publication>(
              *publication(DeliveryClass::latest,
                           std::to_string(slot) + ':' + std::to_string(++sent[slot]) + fill,
                           priorities[slot], std::to_string(slot)));
          made->priority_varies = varies[slot];
          push(made, slot % 2);
        }
      }
    }
    while (!outbox_->empty()) bytes += read_bytes(1 << 20);
    std::array<std::uint64_t, 4> last{};
    for (const std::string& payload : payloads_of(bytes)) {
      const auto at = payload.rfind(':');  // also in `slot@from-to:slot:number`
      if (at == std::string::npos) continue;
      const auto slot = static_cast<std::size_t>(payload[0] - '0');
      const std::uint64_t number = std::stoull(payload.substr(at + 1));
      ASSERT_GT(number, last[slot]) << "seed " << seed << " slot " << slot;
      last[slot] = number;
    }
  }
}

}  // namespace
}  // namespace tidewire::outbox_test
