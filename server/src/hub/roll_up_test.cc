#include "hub/roll_up.h"

#include <random>

#include <gtest/gtest.h>

#include "hub/domain_fixture.h"

namespace tidewire {
namespace {

/// A reader as protocol.md section 10 describes it.
class Reader final : public Subscriber {
 public:
  Reader(Domain& domain, StreamMode mode, std::string id)
      : subscription(*this, "chat:1"), id_(std::move(id)), node_(*domain.nodes[0]), mode_(mode) {
    node_.subscribe(subscription,
                    {.channel = "chat:1", .user_id = id_, .connection_id = id_, .info_json = "{}"},
                    [this](std::expected<SubscribeSnapshot, Error> result) {
                      ASSERT_TRUE(result);
                      for (const auto& whole : result->streams) read(*whole);
                      got.clear();
                      node_.hub().activate(subscription, result->position.offset, mode_,
                                           result->streams);
                    });
  }
  ~Reader() { node_.unsubscribe(subscription, id_, id_, LeaveKind::left); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void deliver(Subscription& /*at*/, Rendering& rendering) override {
    (void)rendering.frame(kPlainJsonForm);
    read(*rendering.publication());
  }
  void change(StreamMode mode) { node_.hub().change_mode(subscription, mode); }

  void read(const Publication& publication) {
    if (publication.delivery == DeliveryClass::durable) {
      got.push_back("whole");
      return;
    }
    const FoldedPiece& piece = publication.piece;
    got.push_back(std::to_string(piece.rev_from) + "-" + std::to_string(piece.rev_to) +
                  (piece.snapshot ? "=" : ":") + piece.content);
    frames.push_back(publication.frame);
    auto& [rev, text] = messages[piece.message_id];
    if (piece.rev_to <= rev) return;
    if (piece.snapshot) {
      text = piece.content;
    } else {
      EXPECT_EQ(piece.rev_from, rev + 1) << id_ << " gets a hole or an overlap";
      text += piece.content;
    }
    rev = piece.rev_to;
  }

  struct Text {
    std::uint64_t rev = 0;
    std::string text;
  };
  Subscription subscription;
  std::vector<std::string> got;
  std::vector<ws::SharedFrame> frames;
  std::map<std::string, Text> messages;

 private:
  std::string id_;
  Node& node_;
  StreamMode mode_;
};

using Got = std::vector<std::string>;

class RollUpTest : public ::testing::Test {
 protected:
  void piece(std::uint64_t index, std::string_view content, bool complete = false,
             std::string_view message = "m", std::string_view connection = "c-bot") {
    domain_.nodes[0]->publish(
        {.channel = "chat:1",
         .type = "chat_message_chunk",
         .payload = "{}",
         .from = {.user_id = "bot", .connection_id = connection, .client = "test"},
         .delivery = DeliveryClass::stream,
         .message_id = message,
         .content = content,
         .index = index,
         .complete = complete},
        [](const PublishResult& result) { EXPECT_TRUE(result); });
    domain_.mesh.run();
  }
  void advance(MonoMillis ms) {
    for (; ms > 0; ms -= 10) {
      domain_.clock.advance_ms(10);
      domain_.timers.advance(domain_.clock.mono_ms());
    }
  }

  static constexpr StreamMode kLive40{.window_ms = 40};
  static constexpr StreamMode kConflate100{.kind = StreamMode::Kind::conflate, .window_ms = 100};
  static constexpr StreamMode kFinal{.kind = StreamMode::Kind::final};

  Domain domain_{1};
};

TEST_F(RollUpTest, SendsTheFirstPieceAtOnceAndThenOneAWindow) {
  Reader reader(domain_, kLive40, "r");
  piece(1, "a");
  EXPECT_EQ(reader.got, (Got{"1-1:a"}));
  piece(2, "b");
  piece(3, "c");
  EXPECT_EQ(reader.got.size(), 1U);
  advance(60);
  EXPECT_EQ(reader.got, (Got{"1-1:a", "2-3:bc"}));
  advance(200);
  piece(4, "d");
  EXPECT_EQ(reader.got.back(), "4-4:d") << "after a quiet window there is nothing to wait for";
}

TEST_F(RollUpTest, SendsTheLastPieceAtOnceAndBeforeTheWholeMessage) {
  Reader reader(domain_, kLive40, "r");
  piece(1, "a");
  piece(2, "b");
  piece(3, "c", true);
  EXPECT_EQ(reader.got, (Got{"1-1:a", "2-3:bc", "whole"}));
  advance(200);
  EXPECT_EQ(reader.got.size(), 3U);
}

TEST_F(RollUpTest, FoldsEachMessageByItself) {
  Reader reader(domain_, kLive40, "r");
  piece(1, "a", false, "m");
  piece(1, "x", false, "n");
  piece(2, "b", false, "m");
  piece(2, "y", false, "n");
  piece(3, "z", false, "n");
  advance(60);
  EXPECT_EQ(reader.got, (Got{"1-1:a", "1-1:x", "2-2:b", "2-3:yz"}));
}

TEST_F(RollUpTest, SharesOneFoldAndOneEncodingAmongItsMembers) {
  Reader plain(domain_, {}, "p");
  Reader one(domain_, kLive40, "1");
  Reader two(domain_, kLive40, "2");
  piece(1, "a");
  EXPECT_TRUE(one.frames[0].same_as(plain.frames[0])) << "a single piece is not encoded again";
  piece(2, "b");
  piece(3, "c");
  advance(60);
  ASSERT_EQ(one.frames.size(), 2U);
  EXPECT_TRUE(one.frames[1].same_as(two.frames[1]));
  EXPECT_EQ(plain.got, (Got{"1-1:a", "2-2:b", "3-3:c"}));
}

TEST_F(RollUpTest, FlushesTheOthersBeforeSomebodyJoins) {
  Reader early(domain_, kLive40, "early");
  piece(1, "a");
  piece(2, "b");
  Reader late(domain_, kLive40, "late");
  EXPECT_EQ(early.got, (Got{"1-1:a", "2-2:b"}));
  piece(3, "c");
  advance(60);
  EXPECT_EQ(early.got.back(), "3-3:c");
  EXPECT_EQ(late.got, (Got{"3-3:c"}));
  EXPECT_EQ(late.messages["m"].text, "abc");
}

TEST_F(RollUpTest, ConflatesToTheWholeTextSoFar) {
  piece(1, "a");
  piece(2, "b");
  Reader reader(domain_, kConflate100, "r");
  piece(3, "c");
  EXPECT_EQ(reader.got, (Got{"1-3=abc"})) << "what it was given when it subscribed counts";
  piece(4, "d");
  piece(5, "e");
  advance(80);
  EXPECT_EQ(reader.got.size(), 1U);
  advance(40);
  EXPECT_EQ(reader.got, (Got{"1-3=abc", "1-5=abcde"}));
  piece(6, "f", true);
  EXPECT_EQ(reader.got, (Got{"1-3=abc", "1-5=abcde", "1-6=abcdef", "whole"}));
}

TEST_F(RollUpTest, ConflatesOnWhenTheProducerComesBackOverAnotherConnection) {
  Reader reader(domain_, kConflate100, "r");
  piece(1, "a");
  piece(2, "b");
  piece(3, "c", false, "m", "c-bot again");
  advance(120);
  EXPECT_EQ(reader.got, (Got{"1-1=a", "1-3=abc"}));
  piece(4, "d", false, "m", "c-bot again");
  advance(120);
  EXPECT_EQ(reader.got.back(), "1-4=abcd");
}

TEST_F(RollUpTest, SendsOnlyTheWholeMessageToWhoWantsNoMore) {
  Reader reader(domain_, kFinal, "r");
  piece(1, "a");
  piece(2, "b", true);
  advance(200);
  EXPECT_EQ(reader.got, (Got{"whole"}));
}

TEST_F(RollUpTest, HandsOverWhatItHeldBackWhenTheModeChanges) {
  Reader reader(domain_, StreamMode{}.at_least(1'000), "r");
  piece(1, "a");
  piece(2, "b");
  piece(3, "c");
  EXPECT_EQ(reader.got, (Got{"1-1:a"}));
  reader.change({});
  EXPECT_EQ(reader.got, (Got{"1-1:a", "2-3:bc"}));
  piece(4, "d");
  EXPECT_EQ(reader.got.back(), "4-4:d");
}

TEST_F(RollUpTest, KeepsTheTextWhenAConflatedReaderChangesItsWindow) {
  Reader reader(domain_, kConflate100, "r");
  piece(1, "a");
  piece(2, "b");
  reader.change(kConflate100.at_least(1'000));
  EXPECT_EQ(reader.got.back(), "1-2=ab");
  piece(3, "c");
  advance(1'100);
  EXPECT_EQ(reader.got.back(), "1-3=abc");
}

TEST(PieceFold, FoldsOnlyWhatContinuesForTheSameReaders) {
  const auto head = std::make_shared<const PublicationHead>();
  Publication next;
  next.head = head;
  next.piece = {.message_id = "m", .rev_from = 4, .rev_to = 4, .content = "d"};
  const auto folds = [&] {
    Publication fold;
    fold.head = head;
    fold.piece = {.message_id = "m", .rev_from = 2, .rev_to = 3, .content = "bc"};
    return fold_piece(fold, next);
  };
  EXPECT_TRUE(folds());
  next.echo = false;
  EXPECT_FALSE(folds()) << "its publisher would miss what others said, or get it twice";
  next.echo = true;
  next.head = std::make_shared<const PublicationHead>(
      PublicationHead{.sender = {.connection_id = "another"}});
  EXPECT_FALSE(folds());
  next.head = std::make_shared<const PublicationHead>();
  EXPECT_TRUE(folds()) << "the same connection, told anew";
  next.piece.rev_from = next.piece.rev_to = 5;
  EXPECT_FALSE(folds()) << "a piece is missing";
  next.piece.snapshot = true;
  EXPECT_TRUE(folds()) << "it holds everything";
}

TEST_F(RollUpTest, ShowsARestartedAnswerFromItsBeginning) {
  Reader live(domain_, kLive40, "live");
  Reader conflated(domain_, kConflate100, "conflated");
  piece(1, "old");
  piece(2, " text");
  domain_.nodes[0]->publish({.channel = "chat:1",
                             .type = "chat_message_chunk",
                             .payload = "{}",
                             .from = {.user_id = "bot", .connection_id = "c-bot", .client = "test"},
                             .delivery = DeliveryClass::stream,
                             .message_id = "m",
                             .content = "new",
                             .generation = 1,
                             .index = 1},
                            [](const PublishResult& result) { EXPECT_TRUE(result); });
  advance(150);
  EXPECT_EQ(live.got.back(), "1-1=new");
  EXPECT_EQ(conflated.got.back(), "1-1=new");
}

TEST(StreamMode, RoundsItsWindowUpToAFewSteps) {
  const auto window = [](std::int32_t ms) {
    return StreamMode{.window_ms = ms}.at_least(0).window_ms;
  };
  EXPECT_EQ(window(0), 0);
  EXPECT_EQ(window(1), 20);
  EXPECT_EQ(window(40), 40);
  EXPECT_EQ(window(41), 60);
  EXPECT_EQ(window(10'000), 10'000);
  EXPECT_EQ(window(99'999), 10'000);
  EXPECT_EQ((StreamMode{.window_ms = 40}.at_least(1'000).window_ms), 1'000);
  EXPECT_EQ((StreamMode{.kind = StreamMode::Kind::final}.at_least(1'000)),
            (StreamMode{.kind = StreamMode::Kind::final}));
}

/// Readers of every mode come, go and change while messages in several scripts grow. Whatever they
/// are shown is a beginning of the message, in whole code points, and in the end all of it.
TEST_F(RollUpTest, ShowsEveryReaderTheSameTextWhateverHappens) {
  const std::array<std::string_view, 5> words{"a", "ü", "東京", "🛫", "שלום"};
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const auto roll = [&](unsigned sides) { return random() % sides; };
    const auto any_mode = [&]() -> StreamMode {
      switch (roll(4)) {
        case 0:
          return {};
        case 1:
          return kConflate100;
        default:
          return StreamMode{}.at_least(20 * (1 + roll(4)));
      }
    };
    std::map<std::string, std::string> truth;
    std::vector<std::unique_ptr<Reader>> readers;
    const std::string base = "s" + std::to_string(seed) + "-";
    std::map<std::string, std::uint64_t> next;
    // A text that was cut inside a code point would be no beginning that ends with whole words.
    const auto check = [&] {
      for (const auto& reader : readers)
        for (const auto& [id, shown] : reader->messages)
          if (truth.contains(id)) {
            EXPECT_TRUE(truth[id].starts_with(shown.text)) << "seed " << seed;
            const std::size_t end = shown.text.size();
            EXPECT_TRUE(end == truth[id].size() ||
                        (static_cast<unsigned char>(truth[id][end]) & 0xC0U) != 0x80U);
          }
    };
    for (int step = 0; step < 150; ++step) {
      const std::string id = base + std::to_string(roll(3));
      switch (roll(8)) {
        case 0:
          readers.push_back(
              std::make_unique<Reader>(domain_, any_mode(), std::to_string(step) + base));
          break;
        case 1:
          if (!readers.empty()) readers.erase(readers.begin() + roll(readers.size()));
          break;
        case 2:
          if (!readers.empty()) readers[roll(readers.size())]->change(any_mode());
          break;
        case 3:
          advance(10 * (1 + roll(10)));
          break;
        default: {
          const std::string_view word = words[roll(words.size())];
          truth[id] += word;
          piece(++next[id], word, false, id);
        }
      }
      check();
    }
    for (auto& [id, text] : truth) piece(++next[id], "", true, id);
    for (const auto& reader : readers)
      for (const auto& [id, shown] : reader->messages)
        if (truth.contains(id)) {
          EXPECT_EQ(shown.text, truth[id]) << "seed " << seed;
        }
  }
}

}  // namespace
}  // namespace tidewire
