#include "session/outbox.h"

#include <algorithm>

#include <gtest/gtest.h>

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
  [[nodiscard]] bool batches() const override { return batch; }
  bool batch = false;
};

ws::SharedFrame text(std::string_view payload) {
  return ws::SharedFrame::make(ws::Opcode::text, payload);
}

class OutboxTest : public ::testing::Test {
 protected:
  void limit(std::size_t bytes, std::size_t frames = 1'000) {
    outbox_.emplace(OutboxLimits{.queued_bytes_max = bytes, .queued_frames_max = frames}, form_,
                    metrics_);
  }

  PublicationPtr publication(DeliveryClass delivery, std::string_view payload,
                             Priority priority = Priority::normal, std::string slot = {}) {
    auto made = std::make_shared<Publication>();
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

  PushResult push(const PublicationPtr& publication, int channel = 0) {
    return outbox_->push(publication->frame, publication, &channels_[channel], 0);
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
    std::vector<std::string> payloads;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = static_cast<unsigned char>(bytes[at + 1]);
      EXPECT_LT(size, 126) << "test frames are short";
      payloads.push_back(bytes.substr(at + 2, size));
      at += 2U + size;
    }
    return payloads;
  }

  /// Makes the outbox one behind a stalled reader: something is on its way and does not move.
  void stall() {
    EXPECT_EQ(push("stalled"), PushResult::queued);
    read_bytes(1);
  }

  std::array<int, 4> channels_{};
  GatherScratch scratch_;
  TextForm form_;
  ServerMetrics metrics_;
  std::optional<Outbox> outbox_{std::in_place, OutboxLimits{}, form_, metrics_};
};

using Payloads = std::vector<std::string>;

TEST_F(OutboxTest, LeavesByPriorityAndInOrderWithinOne) {
  push("n1");
  push("l1", Priority::low);
  push("c1", Priority::critical);
  push("n2");
  push("h1", Priority::high);
  outbox_->push_control(text("ping"));
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
  outbox_->push_control(text("close"));
  outbox_->seal();
  EXPECT_EQ(push("late"), PushResult::dropped);
  EXPECT_EQ(push(publication(DeliveryClass::durable, "late")), PushResult::dropped);
  outbox_->push_control(text("late"));
  EXPECT_EQ(read_all(), (Payloads{"close"}));
}

TEST_F(OutboxTest, JoinsWhatLeavesTogetherForAClientThatAskedForBatches) {
  form_.batch = true;
  push("a");
  push("b");
  push("c");
  EXPECT_EQ(read_all(), (Payloads{"a,b,c"}));
  push("alone");
  EXPECT_EQ(read_all(), (Payloads{"alone"}));
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
