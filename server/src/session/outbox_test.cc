#include "session/outbox.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "hub/subscription.h"

namespace tidewire {
namespace {

/// Writes a publication as `type@rev:content`, and joins with commas.
class TextForm final : public OutboxForm {
 public:
  [[nodiscard]] ws::SharedFrame render(const Publication& publication) const override {
    return ws::SharedFrame::make(
        ws::Opcode::text,
        publication.merge_slot() + "@" + std::to_string(publication.piece.rev_from) + "-" +
            std::to_string(publication.piece.rev_to) + ":" + publication.piece.content);
  }
  [[nodiscard]] ws::SharedFrame join(std::span<const ws::SharedFrame> frames) const override {
    std::string all;
    for (const auto& frame : frames) all += (all.empty() ? "" : ",") + std::string(frame.payload());
    return ws::SharedFrame::make(ws::Opcode::text, all);
  }
  [[nodiscard]] const BatchLimits* batch() const override { return batches ? &*batches : nullptr; }
  void spilled(Subscription& channel) override { spills.push_back(&channel); }
  std::optional<BatchLimits> batches;
  std::vector<const Subscription*> spills;
};

ws::SharedFrame text(std::string_view payload) {
  return ws::SharedFrame::make(ws::Opcode::text, payload);
}

class OutboxTest : public ::testing::Test {
 protected:
  void limit(std::size_t bytes, std::size_t frames = 1'000, LaneLimits lanes = {}) {
    limits_ = {.queued_bytes_max = bytes, .queued_frames_max = frames, .lanes = lanes};
    outbox_.emplace(limits_, form_, metrics_);
  }

  PublicationPtr publication(DeliveryClass delivery, std::string_view payload,
                             Priority priority = Priority::normal, std::string slot = {}) {
    auto made = std::make_shared<Publication>();
    made->head = std::make_shared<const PublicationHead>();
    made->delivery = delivery;
    made->priority = priority;
    made->slot = slot;
    made->piece = {.message_id = std::move(slot), .rev_from = 0, .content = std::string(payload)};
    made->frame = text(payload);
    return made;
  }

  PublicationPtr piece(std::uint64_t index, std::string_view content, bool complete = false) {
    auto made = std::make_shared<Publication>(
        *publication(DeliveryClass::stream, content, Priority::normal, "m"));
    made->piece.rev_from = made->piece.rev_to = index;
    made->piece.complete = complete;
    return made;
  }

  PushResult push(const PublicationPtr& publication, std::size_t channel = 0,
                  OverflowPolicy policy = OverflowPolicy::by_class) {
    return outbox_->push(publication->frame, publication, channels_[channel], policy, 0);
  }

  PushResult push(std::string_view reply, Priority priority = Priority::normal) {
    return outbox_->push(text(reply), priority, 0);
  }

  /// A reader that takes `bytes` and then stalls.
  std::string read_bytes(std::size_t bytes) {
    std::array<iovec, 8> parts{};
    const std::size_t count = outbox_->gather(parts, scratch_);
    std::string got;
    for (std::size_t i = 0; i < count; ++i)
      got.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    got.resize(std::min(bytes, got.size()));
    outbox_->consume(got.size());
    return got;
  }

  /// A fast reader: the payloads of everything that leaves.
  std::vector<std::string> read_all() {
    std::string bytes;
    while (!outbox_->empty()) bytes += read_bytes(1 << 20);
    return payloads_of(bytes);
  }

  static std::vector<std::string> payloads_of(std::string_view bytes) {
    std::vector<std::string> payloads;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = static_cast<unsigned char>(bytes[at + 1]);
      EXPECT_LT(size, 126) << "test frames are short";
      payloads.emplace_back(bytes.substr(at + 2, size));
      at += 2U + size;
    }
    return payloads;
  }

  /// Makes the outbox one behind a stalled reader: something is on its way and does not move.
  void stall() {
    EXPECT_EQ(push("stalled"), PushResult::queued);
    read_bytes(1);
  }

  class Nobody final : public Subscriber {
   public:
    void deliver(Subscription& /*subscription*/, Rendering& /*rendering*/) override {}
  };

  Nobody nobody_;
  std::array<Subscription, 4> channels_{
      {{nobody_, "a:0"}, {nobody_, "a:1"}, {nobody_, "a:2"}, {nobody_, "a:3"}}};
  GatherScratch scratch_;
  TextForm form_;
  ServerMetrics metrics_;
  OutboxLimits limits_;
  std::optional<Outbox> outbox_{std::in_place, limits_, form_, metrics_};
};

using Payloads = std::vector<std::string>;

TEST_F(OutboxTest, LeavesByPriorityAndInOrderWithinOne) {
  push("n1");
  push("l1", Priority::low);
  push("c1", Priority::critical);
  push("n2");
  push("h1", Priority::high);
  EXPECT_EQ(outbox_->push_control(text("ping")), PushResult::queued);
  EXPECT_EQ(read_all(), (Payloads{"ping", "c1", "h1", "n1", "n2", "l1"}));
}

TEST_F(OutboxTest, FinishesAFrameThatHasBegunToLeave) {
  push("first");
  EXPECT_EQ(read_bytes(3).size(), 3U);
  push("urgent", Priority::critical);
  const std::string rest = read_bytes(100);
  EXPECT_EQ(rest, "irst") << "two header bytes and the f have left already";
  EXPECT_EQ(read_all(), (Payloads{"urgent"}));
}

TEST_F(OutboxTest, CountsWhatWaitsAndForgetsWhatLeft) {
  push("one");
  push("two");
  EXPECT_EQ(outbox_->queued_frames(), 2U);
  EXPECT_EQ(metrics_.queue_bytes.value(), static_cast<std::int64_t>(outbox_->queued_bytes()));
  read_all();
  EXPECT_EQ(outbox_->queued_bytes(), 0U);
  EXPECT_EQ(metrics_.queue_bytes.value(), 0);
}

TEST_F(OutboxTest, TakesEarlierEventsOfTheChannelAlongWhenOneIsMoreUrgent) {
  push(publication(DeliveryClass::durable, "a1"), 0);
  push(publication(DeliveryClass::durable, "b1"), 1);
  push(publication(DeliveryClass::durable, "a2", Priority::low), 0);
  push(publication(DeliveryClass::durable, "a3", Priority::critical), 0);
  EXPECT_EQ(read_all(), (Payloads{"a1", "a2", "a3", "b1"}));
}

TEST_F(OutboxTest, KeepsTheOrderOfAChannelWhenALaterEventIsLessUrgent) {
  push(publication(DeliveryClass::durable, "a1", Priority::low), 0);
  push(publication(DeliveryClass::durable, "a2", Priority::normal), 0);
  EXPECT_EQ(read_all(), (Payloads{"a1", "a2"}));
}

TEST_F(OutboxTest, LetsEphemeralEventsBeOvertaken) {
  push(publication(DeliveryClass::ephemeral, "typing", Priority::low), 0);
  push(publication(DeliveryClass::durable, "a1"), 0);
  EXPECT_EQ(read_all(), (Payloads{"a1", "typing"}));
}

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

TEST_F(OutboxTest, FinishesOnlyTheStartedFrameAfterClear) {
  push("started");
  push("waiting");
  read_bytes(2);
  push("late", Priority::critical);
  outbox_->clear();
  EXPECT_EQ(outbox_->queued_frames(), 1U);
  EXPECT_EQ(read_bytes(100), "started");
  EXPECT_TRUE(outbox_->empty());
  EXPECT_EQ(outbox_->queued_bytes(), 0U);
}

TEST_F(OutboxTest, TakesNothingAfterTheLastFrame) {
  EXPECT_EQ(outbox_->push_control(text("close")), PushResult::queued);
  outbox_->seal();
  EXPECT_EQ(push("late"), PushResult::dropped);
  EXPECT_EQ(push(publication(DeliveryClass::durable, "late")), PushResult::dropped);
  EXPECT_EQ(outbox_->push_control(text("late")), PushResult::dropped);
  EXPECT_EQ(read_all(), (Payloads{"close"}));
}

TEST_F(OutboxTest, JoinsWhatLeavesTogetherForAClientThatAskedForBatches) {
  form_.batches = BatchLimits{.messages = 128, .bytes = 65'536};
  push("a");
  push("b");
  push("c");
  EXPECT_EQ(read_all(), (Payloads{"a,b,c"}));
  push("alone");
  EXPECT_EQ(read_all(), (Payloads{"alone"}));
}

TEST_F(OutboxTest, MakesBatchesOfTheSizeThatTheClientAskedFor) {
  form_.batches = BatchLimits{.messages = 2, .bytes = 65'536};
  for (const char* each : {"a", "b", "c", "d", "e"}) push(each);
  EXPECT_EQ(read_all(), (Payloads{"a,b", "c,d", "e"}));
  form_.batches = BatchLimits{.messages = 128, .bytes = 24};
  for (const char* each : {"0123456789", "0123456789", "0123456789"}) push(each);
  EXPECT_EQ(read_all(), (Payloads{"0123456789,0123456789", "0123456789"}));
  EXPECT_EQ(outbox_->queued_bytes(), 0U);
  EXPECT_EQ(metrics_.frames_sent.value(), 5U);
}

TEST_F(OutboxTest, LeavesPongsOutOfBatches) {
  form_.batches = BatchLimits{.messages = 128, .bytes = 65'536};
  push("a");
  EXPECT_EQ(outbox_->push_control(ws::SharedFrame::make(ws::Opcode::pong, "p")),
            PushResult::queued);
  push("b");
  EXPECT_EQ(read_all(), (Payloads{"p", "a,b"}));
}

TEST_F(OutboxTest, CopiesSmallFramesIntoOnePartAndRefersToLargeOnes) {
  push("small1");
  push("small2");
  push(std::string(3'000, 'x'));
  std::array<iovec, 8> parts{};
  EXPECT_EQ(outbox_->gather(parts, scratch_), 2U);
  EXPECT_EQ(parts[0].iov_len, 16U);
  EXPECT_EQ(parts[1].iov_len, 3'004U);
}

TEST_F(OutboxTest, TellsTheAgeOfItsOldestFrame) {
  EXPECT_FALSE(outbox_->oldest());
  EXPECT_EQ(outbox_->push(text("a"), Priority::normal, 500), PushResult::queued);
  EXPECT_EQ(outbox_->push(text("b"), Priority::critical, 700), PushResult::queued);
  EXPECT_EQ(outbox_->oldest(), 500);
  read_all();
  EXPECT_FALSE(outbox_->oldest());
}

TEST_F(OutboxTest, BoundsControlFramesLikeTheRest) {
  limit(1 << 20, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(outbox_->push_control(text("p")), PushResult::queued);
  EXPECT_EQ(outbox_->push_control(text("p")), PushResult::overflow);
}

TEST_F(OutboxTest, LetsAnUrgentFrameOvertakeWhatASlowSocketDidNotTake) {
  const std::string block(1'000, 'x');
  for (int i = 0; i < 200; ++i) push(block);
  EXPECT_EQ(read_bytes(3'000).size(), 3'000U);
  push("urgent", Priority::critical);
  std::size_t before = 0;
  for (std::string got; got.find("urgent") == std::string::npos; got = read_bytes(500))
    before += got.size();
  EXPECT_LT(before, 20'000U) << "16 KiB may be on their way, not 200";
}

TEST_F(OutboxTest, KeepsOrderWhenWhatWasLaidOutGoesBack) {
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::to_string(i) + std::string(110, 'x'));
    push(publication(DeliveryClass::durable, expected.back()));
  }
  std::string bytes = read_bytes(1'500);
  while (!outbox_->empty()) bytes += read_bytes(1'500);
  std::string whole;
  for (const std::string& each : expected) whole += text(each).bytes();
  EXPECT_EQ(bytes, whole);
}

TEST_F(OutboxTest, PutsAReplyInItsPlaceAmongTheEventsOfItsChannel) {
  stall();
  const auto reply = [&](const char* payload) {
    return outbox_->push(text(payload), Priority::critical, 0, channels_.data());
  };
  EXPECT_EQ(reply("subscribed"), PushResult::queued);
  push(publication(DeliveryClass::durable, "d1"));
  push(publication(DeliveryClass::latest, "l1", Priority::high, "s"));
  push("other", Priority::high);
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"subscribed", "d1", "l1", "other"}));
}

TEST_F(OutboxTest, SendsWhatWaitsOfAChannelBeforeItsLastWordToAReaderThatKeepsUp) {
  push(publication(DeliveryClass::ephemeral, "typing", Priority::low));
  push(publication(DeliveryClass::durable, "d1"));
  outbox_->end(channels_[0]);
  push("unsubscribed", Priority::critical);
  EXPECT_EQ(read_all(), (Payloads{"d1", "typing", "unsubscribed"}));
  EXPECT_EQ(metrics_.drops[DropLabel::unsubscribed].value(), 0U);
}

TEST_F(OutboxTest, DropsWhatWaitsOfAChannelThatEndsBehindASlowReader) {
  const auto reply = [&](const char* payload, std::size_t channel) {
    (void)outbox_->push(text(payload), Priority::critical, 0, &channels_[channel]);
  };
  stall();
  reply("subscribed", 0);
  push(publication(DeliveryClass::ephemeral, "typing", Priority::low));
  push(publication(DeliveryClass::latest, "status", Priority::high, "s"));
  push(publication(DeliveryClass::durable, "d1"));
  push(piece(1, "p"));
  push(publication(DeliveryClass::durable, "other"), 1);
  outbox_->end(channels_[0]);
  push("unsubscribed", Priority::critical);
  EXPECT_EQ(metrics_.drops[DropLabel::unsubscribed].value(), 4U);
  EXPECT_EQ(outbox_->queued_frames(), 4U);

  // A new subscription, also of the same name and at the same address, begins with its answer.
  reply("subscribed again", 0);
  EXPECT_EQ(push(publication(DeliveryClass::latest, "newer", Priority::high, "s")),
            PushResult::queued)
      << "merged into nothing that is gone";
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(),
            (Payloads{"subscribed", "unsubscribed", "subscribed again", "newer", "other"}));
  EXPECT_EQ(metrics_.queue_bytes.value(), 0);
}

TEST_F(OutboxTest, TakesNothingBackOfAChannelThatHasEnded) {
  const std::string large(100, '.');
  for (int i = 0; i < 1'000; ++i) push(publication(DeliveryClass::durable, large));
  std::array<iovec, 8> parts{};
  (void)outbox_->gather(parts, scratch_);
  outbox_->end(channels_[0]);
  push("unsubscribed", Priority::critical);
  outbox_->consume(1);  // the socket is full
  std::string bytes;
  while (!outbox_->empty()) bytes += read_bytes(1 << 20);
  EXPECT_TRUE(bytes.ends_with("unsubscribed"));
  EXPECT_EQ(bytes.size() + 1,
            1'000 * text(large).bytes().size() + text("unsubscribed").bytes().size());
}

TEST_F(OutboxTest, KeepsWhatWaitsWhenAllSubscriptionsEndButMixesNothingIntoIt) {
  stall();
  push(publication(DeliveryClass::latest, "old", Priority::low, "s"));
  push(publication(DeliveryClass::durable, "d"), 1, OverflowPolicy::spill);
  outbox_->end_all();
  push("welcome", Priority::critical);
  EXPECT_EQ(push(publication(DeliveryClass::latest, "new", Priority::low, "s")),
            PushResult::queued);
  read_bytes(1 << 20);
  EXPECT_EQ(read_all(), (Payloads{"d", "old", "welcome", "new"}));
}

/// Subscriptions that begin and end while a reader of random appetite is behind: between the last
/// word about one and the answer to the next one nothing of the channel arrives, and never an event
/// of an earlier subscription.
TEST_F(OutboxTest, SaysItsLastWordAboutAChannelLast) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto roll = [&](unsigned sides) { return random() % sides; };
    limit(1 << 20);
    std::array<int, 4> life{};
    std::string bytes;
    for (int step = 0; step < 400; ++step) {
      const std::size_t channel = roll(4);
      const std::string name = std::to_string(channel) + std::to_string(life[channel] % 10);
      const unsigned what = roll(20);
      if (what == 0 && life[channel] > 0) {
        outbox_->end(channels_[channel]);
        push(name + "-", Priority::critical);
        ++life[channel];
        (void)outbox_->push(
            text(std::to_string(channel) + std::to_string(life[channel] % 10) + "+"),
            Priority::critical, 0, &channels_[channel]);
      } else if (what == 1 && life[channel] == 0) {
        ++life[channel];
        (void)outbox_->push(text(std::to_string(channel) + "1+"), Priority::critical, 0,
                            &channels_[channel]);
      } else if (what < 15 && life[channel] > 0) {
        const std::array classes{DeliveryClass::durable, DeliveryClass::ephemeral};
        push(publication(classes[roll(2)], name + "e" + std::string(roll(100), '.'),
                         static_cast<Priority>(roll(4))),
             channel);
      } else {
        bytes += read_bytes(roll(3'000));
      }
    }
    while (!outbox_->empty()) bytes += read_bytes(1 << 20);
    EXPECT_EQ(metrics_.queue_bytes.value(), 0);
    std::array<char, 4> current{};  // the subscription that is open, as the reader sees it
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = static_cast<unsigned char>(bytes[at + 1]);
      const std::string payload = bytes.substr(at + 2, size);
      at += 2U + size;
      char& open = current.at(static_cast<std::size_t>(payload[0] - '0'));
      if (payload[2] == '+') {
        ASSERT_EQ(open, 0) << "seed " << seed;
        open = payload[1];
        continue;
      }
      ASSERT_EQ(open, payload[1]) << "seed " << seed << " " << payload;
      if (payload[2] == '-') open = 0;
    }
  }
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

TEST_F(OutboxTest, GivesEveryByteInOrderWhateverTheReaderTakes) {
  for (std::size_t step = 1; step < 40; ++step) {
    std::string expected;
    std::string got;
    for (int i = 0; i < 20; ++i) {
      const ws::SharedFrame frame = text("message " + std::to_string(i));
      expected += frame.bytes();
      EXPECT_EQ(outbox_->push(frame, Priority::normal, 0), PushResult::queued);
      got += read_bytes(step);
    }
    while (!outbox_->empty()) got += read_bytes(step);
    EXPECT_EQ(got, expected) << "step " << step;
  }
}

TEST_F(OutboxTest, IsEmptyOfWhatHasLeftOnceItIsCleared) {
  push("first");
  push("second");
  // The reader took the first as a whole, and nothing of the second.
  EXPECT_EQ(read_bytes(text("first").size()), text("first").bytes());
  outbox_->clear();
  EXPECT_TRUE(outbox_->empty());
  push("farewell");
  EXPECT_EQ(read_all(), (Payloads{"farewell"}));
  push("after it");
  EXPECT_EQ(read_all(), (Payloads{"after it"}));
}

}  // namespace
}  // namespace tidewire
