#include <random>

#include <gtest/gtest.h>

#include "hub/domain_fixture.h"

namespace tidewire::streams_test {
namespace {

/// Folds what it gets as a client does, by the rules of protocol.md.
class Reader final : public Subscriber {
 public:
  Reader(Domain& domain, std::size_t shard, std::string id)
      : id_(std::move(id)), subscription_(*this, "room:1"), node_(*domain.nodes[shard]) {
    node_.subscribe(subscription_,
                    {.channel = "room:1",
                     .user_id = id_,
                     .connection_id = id_,
                     .session_id = id_,
                     .info_json = "{}"},
                    [this](std::expected<SubscribeSnapshot, Error> snapshot) {
                      node_.hub().activate(subscription_, snapshot->position.offset);
                      for (const auto& each : snapshot->streams) take(each->piece);
                    });
  }
  ~Reader() { node_.unsubscribe(subscription_, id_, id_, LeaveKind::left); }

  void deliver(Subscription& /*at*/, Rendering& rendering) override {
    const Publication& publication = *rendering.publication();
    if (publication.delivery == DeliveryClass::stream) {
      wait(publication.piece);
    } else {
      whole[std::string(publication.type())] = std::string(publication.payload());
    }
  }

  /// What waits is folded, as in the queue of a connection that does not read.
  void wait(const FoldedPiece& piece) {
    if (waiting_.empty() || waiting_.back().append(piece) == Fold::apart) waiting_.push_back(piece);
    if (!stalled) read();
  }
  void read() {
    for (const FoldedPiece& each : waiting_) take(each);
    waiting_.clear();
  }

  void take(const FoldedPiece& piece) {
    auto& text = texts[piece.message_id];
    text.message_id = piece.message_id;
    ASSERT_NE(text.append(piece), Fold::apart)
        << id_ << " has " << text.generation << "/" << text.rev_to << " and gets "
        << piece.generation << "/" << piece.rev_from << "-" << piece.rev_to;
  }

  std::map<std::string, FoldedPiece> texts;
  std::map<std::string, std::string> whole;
  bool stalled = false;

 private:
  std::string id_;
  std::vector<FoldedPiece> waiting_;
  Subscription subscription_;
  Node& node_;
};

PublishRequest piece(std::string_view message_id, std::uint64_t index, std::string_view content,
                     std::uint64_t generation = 0) {
  return {.channel = "room:1",
          .type = "chat_message_chunk",
          .from = {.user_id = "bot", .connection_id = "c-bot", .client = "test"},
          .delivery = DeliveryClass::stream,
          .message_id = message_id,
          .content = content,
          .generation = generation,
          .index = index};
}

PublishResult publish(Domain& domain, std::size_t shard, PublishRequest request) {
  std::optional<PublishResult> answer;
  request.shard = static_cast<ShardIndex>(shard);
  domain.nodes[shard]->publish(request, [&](PublishResult result) { answer = std::move(result); });
  domain.mesh.run();
  return answer.value();
}

StreamStatus status_of(Domain& domain, std::string message_id = {}) {
  StreamStatus status;
  domain.nodes[0]->stream_status("room:1", std::move(message_id),
                                 [&](StreamStatus answer) { status = std::move(answer); });
  domain.mesh.run();
  return status;
}

TEST(Streams, ARestartedAnswerReplacesWhatReadersHave) {
  Domain domain(2);
  Reader early(domain, 0, "early");
  domain.mesh.run();
  ASSERT_TRUE(publish(domain, 1, piece("m", 1, "The old")));
  ASSERT_TRUE(publish(domain, 1, piece("m", 2, " answer")));
  ASSERT_TRUE(publish(domain, 1, piece("m", 1, "A new", 4)));
  Reader late(domain, 1, "late");
  domain.mesh.run();
  EXPECT_EQ(publish(domain, 1, piece("m", 3, " zombie")).error().code, ErrorCode::stream_fenced);
  ASSERT_TRUE(publish(domain, 1, piece("m", 2, " one", 4)));
  PublishRequest last = piece("m", 3, "", 4);
  last.complete = true;
  ASSERT_TRUE(publish(domain, 1, last)->position);
  for (Reader* reader : {&early, &late}) {
    EXPECT_EQ(reader->texts["m"].content, "A new one");
    EXPECT_EQ(reader->texts["m"].generation, 4U);
    EXPECT_EQ(reader->whole["chat_message"],
              R"({"content":"A new one","role":"assistant","messageId":"m","generation":4})");
  }
}

TEST(Streams, AnInterruptedAnswerMayBeWrittenAnew) {
  Domain domain(1);
  Reader reader(domain, 0, "reader");
  publish(domain, 0, piece("m", 1, "half"));
  domain.clock.advance_ms(61'000);
  domain.nodes[0]->sweep();
  EXPECT_TRUE(reader.texts["m"].complete);
  EXPECT_EQ(publish(domain, 0, piece("m", 2, "x")).error().code, ErrorCode::stream_closed);
  ASSERT_TRUE(publish(domain, 0, piece("m", 1, "again", 1)));
  EXPECT_EQ(reader.texts["m"].content, "again");
  EXPECT_FALSE(reader.texts["m"].complete);
}

TEST(Streams, AnAbandonedAnswerEndsWhenItsTimeIsOver) {
  Domain domain(1);
  Reader reader(domain, 0, "reader");
  publish(domain, 0, piece("m", 1, "one"));
  domain.advance(59'000);
  publish(domain, 0, piece("m", 2, " two"));
  domain.advance(59'000);
  EXPECT_FALSE(reader.texts["m"].complete) << "its producer was heard of";
  domain.advance(1'100);
  EXPECT_TRUE(reader.texts["m"].complete);
  EXPECT_EQ(reader.texts["m"].status, "interrupted");
}

TEST(Streams, AKeyMakesAPieceWithoutANumberIdempotent) {
  Domain domain(2);
  Reader reader(domain, 0, "reader");
  domain.mesh.run();
  PublishRequest once = piece("m", 0, "once");
  once.key = "k";
  EXPECT_FALSE(publish(domain, 1, once)->duplicate);
  EXPECT_TRUE(publish(domain, 1, once)->duplicate);
  EXPECT_EQ(reader.texts["m"].content, "once");
}

TEST(Streams, TellWhatIsActivePendingOrNothing) {
  Domain domain(2);
  EXPECT_EQ(status_of(domain).activity, StreamActivity::none);
  PublishRequest open = piece("m", 0, "");
  open.announces = true;
  ASSERT_FALSE(publish(domain, 1, open)->duplicate);
  ASSERT_TRUE(publish(domain, 1, open)->duplicate);
  EXPECT_EQ(status_of(domain).activity, StreamActivity::pending);
  EXPECT_EQ(status_of(domain, "other").activity, StreamActivity::none);
  EXPECT_EQ(status_of(domain).streams.at(0).rev, 0U);

  domain.clock.advance_ms(5);
  publish(domain, 1, piece("m", 1, "a"));
  const StreamStatus active = status_of(domain, "m");
  EXPECT_EQ(active.activity, StreamActivity::active);
  ASSERT_EQ(active.streams.size(), 1U);
  EXPECT_EQ(active.streams[0].rev, 1U);
  EXPECT_EQ(active.streams[0].producer.user_id, "bot");
  EXPECT_EQ(active.streams[0].started_at, domain.clock.wall_ms() - 5) << "since it was announced";
}

TEST(Streams, ACancelThatWaitsIsPending) {
  Domain domain(1);
  domain.nodes[0]->cancel({.channel = "room:1", .message_id = "m", .cancel = {}, .permitted = true},
                          [](const std::expected<CancelAck, Error>& ack) {
                            EXPECT_EQ(ack->state, CancelState::pending);
                          });
  EXPECT_EQ(status_of(domain).activity, StreamActivity::pending);
  EXPECT_EQ(status_of(domain, "n").activity, StreamActivity::none);
  PublishRequest open = piece("m", 0, "");
  open.announces = true;
  EXPECT_TRUE(publish(domain, 0, open)->cancel) << "the announcement is when it ends";
  EXPECT_EQ(status_of(domain).activity, StreamActivity::none);
}

TEST(Streams, AnAnnouncedMessageThatNeverBeginsIsNoSnapshot) {
  Domain domain(1);
  PublishRequest open = piece("m", 0, "");
  open.announces = true;
  publish(domain, 0, open);
  Reader reader(domain, 0, "reader");
  EXPECT_TRUE(reader.texts.empty());
  domain.clock.advance_ms(61'000);
  domain.nodes[0]->sweep();
  EXPECT_EQ(reader.whole["chat_message"],
            R"({"content":"","role":"assistant","messageId":"m","status":"interrupted"})");
}

TEST(Streams, AProducerWithoutAConnectionIsToldThroughItsWatch) {
  Domain domain(2);
  std::string told;
  ASSERT_NE(domain.nodes[1]->cancel_watches().watch(
                "room:1", "m", 0, [&](const StreamCancel& cancel) { told = cancel.reason; }),
            0U);
  EXPECT_EQ(domain.nodes[1]->cancel_watches().watch("room:1", "m", 0, {}), 0U) << "one a message";
  PublishRequest request = piece("m", 1, "a");
  request.from.connection_id = {};
  publish(domain, 1, request);
  domain.nodes[0]->cancel({.channel = "room:1",
                           .message_id = "m",
                           .cancel = {.reason = "enough", .from = {}},
                           .permitted = true},
                          [](const std::expected<CancelAck, Error>& ack) {
                            EXPECT_EQ(ack->state, CancelState::cancelled);
                          });
  domain.mesh.run();
  EXPECT_EQ(told, "enough");
}

TEST(Streams, OnlyTheProducerEndsItsGeneration) {
  Domain domain(2);
  publish(domain, 0, piece("m", 1, "a", 2));
  const auto end = [&](std::string producer, std::uint64_t generation) {
    bool ended = false;
    domain.nodes[1]->end_stream({.channel = "room:1",
                                 .message_id = "m",
                                 .producer = std::move(producer),
                                 .generation = generation},
                                [&](bool done) { ended = done; });
    domain.mesh.run();
    return ended;
  };
  EXPECT_FALSE(end("eve", 2));
  EXPECT_FALSE(end("bot", 1));
  EXPECT_TRUE(end("bot", 2));
  EXPECT_FALSE(end("bot", 2)) << "it has ended";
}

/// Random pieces, duplicates, gaps, generations, joins and readers that stall, over two shards
/// whose tasks interleave: at the end every reader has the producer's text, byte for byte.
class StreamsProperty : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(StreamsProperty, EveryReaderEndsWithTheProducersText) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::uint32_t bound) { return random() % bound; };
  static constexpr std::string_view kKinds[] = {"", "", "", "reasoning", "tool_call"};
  Domain domain(2);
  std::deque<Reader> readers;
  FoldedPiece expected{.message_id = "m", .snapshot = true};
  const auto run_some = [&] {
    if (below(3) == 0) return domain.mesh.run();
    for (std::uint32_t i = below(4); i > 0; --i)
      domain.mesh.run_one(static_cast<ShardIndex>(below(2)));
  };
  for (int step = 0; step < 200; ++step) {
    const std::uint32_t dice = below(20);
    if (dice == 0 && readers.size() < 8)
      readers.emplace_back(domain, below(2), "r" + std::to_string(readers.size()));
    if (dice == 1)
      expected = {.message_id = "m", .generation = expected.generation + 1, .snapshot = true};
    if (dice > 16 && !readers.empty()) {
      Reader& reader = readers[below(static_cast<std::uint32_t>(readers.size()))];
      reader.stalled = !reader.stalled;
      if (!reader.stalled) reader.read();
    }
    std::uint64_t index = expected.rev_to + 1;
    std::uint64_t generation = expected.generation;
    bool counts = true;
    if (dice == 2 && expected.rev_to > 0) index = 1 + below(expected.rev_to), counts = false;
    if (dice == 3) index += 1 + below(3), counts = false;
    if (dice == 4 && generation > 0 && expected.rev_to > 0) --generation, counts = false;
    PublishRequest next = piece("m", index, {}, generation);
    const std::string text(below(6), static_cast<char>('a' + below(26)));
    next.content = text;
    next.part_kind = kKinds[below(5)];
    if (!next.part_kind.empty()) next.part_id = below(2) == 0 ? "p" : "q";
    if (counts) {
      expected.add(next.part_id, next.part_kind, {}, text);
      ++expected.rev_to;
    }
    // One shard publishes, so that its requests keep their order.
    domain.nodes[1]->publish(next, [counts](const PublishResult& result) {
      EXPECT_EQ(result.has_value() && !result->duplicate, counts);
    });
    run_some();
  }
  domain.mesh.run();  // who joins after the end finds the whole in the history
  PublishRequest last = piece("m", expected.rev_to + 1, "end", expected.generation);
  last.complete = true;
  expected.add({}, {}, {}, "end");
  ++expected.rev_to;
  domain.nodes[1]->publish(last, [](const PublishResult& result) { EXPECT_TRUE(result); });
  domain.mesh.run();
  readers.emplace_back(domain, 0, "last");
  domain.mesh.run();
  const std::string whole = expected.message_payload("assistant");
  for (std::size_t i = 0; i + 1 < readers.size(); ++i) {
    readers[i].read();
    FoldedPiece& text = readers[i].texts["m"];
    EXPECT_TRUE(text.complete);
    EXPECT_EQ(text.message_payload("assistant"), whole);
    EXPECT_EQ(readers[i].whole["chat_message"], whole);
  }
  EXPECT_TRUE(readers.back().texts.empty()) << "nothing grows any more";
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamsProperty, ::testing::Range(1U, 201U));

}  // namespace
}  // namespace tidewire::streams_test
