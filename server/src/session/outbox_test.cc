#include <random>

#include <gtest/gtest.h>

#include "session/outbox_fixture.h"

namespace tidewire::outbox_test {
namespace {

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
    return outbox_->push(text(payload), channels_[0], 0);
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
    (void)outbox_->push(text(payload), channels_[channel], 0);
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
            channels_[channel], 0);
      } else if (what == 1 && life[channel] == 0) {
        ++life[channel];
        (void)outbox_->push(text(std::to_string(channel) + "1+"), channels_[channel], 0);
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
}  // namespace tidewire::outbox_test
