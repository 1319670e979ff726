#include "stream/stream_table.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr StreamLimits kLimits{.growing_max = 2,
                               .growing_per_producer_max = 2,
                               .text_bytes_max = 10,
                               .parts_max = 2,
                               .remembered_max = 2,
                               .idle_ms_max = 100};

PieceOffer piece(std::string_view message_id, std::string_view producer, std::uint64_t index,
                 std::string_view content, std::uint64_t generation = 0) {
  return {.message_id = message_id,
          .producer = producer,
          .generation = generation,
          .index = index,
          .content = content};
}

TEST(StreamTable, FoldsPiecesInOrder) {
  StreamTable table(kLimits);
  EXPECT_EQ(table.append(piece("m", "ann", 1, "He"), 0)->index, 1U);
  EXPECT_EQ(table.append(piece("m", "ann", 2, "llo"), 0)->index, 2U);
  EXPECT_EQ(table.append(piece("m", "ann", 0, "!"), 0)->index, 3U) << "no index means the next one";
  EXPECT_EQ(table.find("m")->whole().content, "Hello!");
  EXPECT_EQ(table.find("m")->pieces(), 3U);
}

TEST(StreamTable, AnswersARepeatedIndexAsADuplicateThatChangesNothing) {
  StreamTable table(kLimits);
  table.append(piece("m", "ann", 1, "a"), 0);
  table.append(piece("m", "ann", 2, "b"), 0);
  for (const std::uint64_t index : {1, 2})
    EXPECT_TRUE(table.append(piece("m", "ann", index, "X"), 0)->duplicate);
  EXPECT_EQ(table.find("m")->whole().content, "ab");
}

TEST(StreamTable, NamesTheExpectedIndexOfASkippedPiece) {
  StreamTable table(kLimits);
  const auto unknown = table.append(piece("m", "ann", 2, "b"), 0);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::stream_gap);
  EXPECT_EQ(unknown.error().details, R"("expectedIndex":1)");
  table.append(piece("m", "ann", 1, "a"), 0);
  EXPECT_EQ(table.append(piece("m", "ann", 3, "c"), 0).error().details, R"("expectedIndex":2)");
  EXPECT_EQ(table.find("m")->whole().content, "a");
}

TEST(StreamTable, RemembersFinishedMessages) {
  StreamTable table(kLimits);
  table.append(piece("m", "ann", 1, "a"), 0);
  EXPECT_EQ(table.ended("m"), nullptr);
  EXPECT_EQ(table.finish("m", StreamEnd::complete)->whole().content, "a");
  EXPECT_NE(table.ended("m"), nullptr);
  EXPECT_TRUE(table.append(piece("m", "ann", 1, "a"), 0)->duplicate);
  EXPECT_EQ(table.append(piece("m", "ann", 2, "b"), 0).error().code, ErrorCode::stream_closed);
  EXPECT_EQ(table.append(piece("m", "ann", 0, "b"), 0).error().code, ErrorCode::stream_closed);
  EXPECT_EQ(table.append(piece("m", "eve", 1, "a"), 0).error().code, ErrorCode::stream_closed)
      << "it was nobody else's piece";
  EXPECT_EQ(table.finish("m", StreamEnd::complete), nullptr);
}

TEST(StreamTable, LetsNobodyElseWriteIntoAMessage) {
  StreamTable table(kLimits);
  table.append(piece("m", "ann", 1, "a"), 0);
  EXPECT_EQ(table.append(piece("m", "eve", 2, "b"), 0).error().code, ErrorCode::stream_closed);
  EXPECT_EQ(table.find("m")->whole().content, "a");
}

TEST(StreamTable, HoldsItsLimits) {
  StreamTable table(kLimits);
  EXPECT_TRUE(table.append(piece("a", "ann", 1, "0123456789"), 0));
  EXPECT_EQ(table.append(piece("a", "ann", 2, "x"), 0).error().code, ErrorCode::message_too_large);
  EXPECT_EQ(table.append(piece("b", "ann", 1, "0123456789x"), 0).error().code,
            ErrorCode::message_too_large);
  EXPECT_EQ(table.find("b"), nullptr);
  EXPECT_TRUE(table.append(piece("b", "ann", 1, ""), 0));
  EXPECT_EQ(table.append(piece("c", "ann", 1, ""), 0).error().code, ErrorCode::limit_exceeded);
}

TEST(StreamTable, FindsAbandonedMessages) {
  StreamTable table(kLimits);
  table.append(piece("a", "ann", 1, "x"), 0);
  table.append(piece("b", "ann", 1, "x"), 50);
  EXPECT_TRUE(table.abandoned(100).empty());
  EXPECT_EQ(table.abandoned(101), std::vector<std::string>{"a"});
  EXPECT_EQ(table.next_abandoned(), 101);
}

TEST(StreamTable, AHigherGenerationBeginsAnewAndFencesTheOlder) {
  StreamTable table(kLimits);
  ASSERT_TRUE(table.append(piece("m", "ann", 1, "old"), 0));
  EXPECT_EQ(table.append(piece("m", "ann", 2, "new", 3), 0).error().details,
            R"("expectedIndex":1)");
  EXPECT_EQ(table.find("m")->whole().content, "old") << "a refused start changes nothing";
  EXPECT_EQ(table.append(piece("m", "ann", 1, "new", 3), 0)->index, 1U);
  EXPECT_EQ(table.find("m")->whole().content, "new");
  EXPECT_EQ(table.find("m")->generation(), 3U);
  for (const std::uint64_t index : {0, 1, 2}) {
    const auto zombie = table.append(piece("m", "ann", index, "x", 2), 0);
    EXPECT_EQ(zombie.error().code, ErrorCode::stream_fenced);
    EXPECT_EQ(zombie.error().details, R"("generation":3)");
  }
  EXPECT_EQ(table.append(piece("m", "eve", 1, "x", 4), 0).error().code, ErrorCode::stream_closed)
      << "a generation is no way into somebody else's message";
  EXPECT_EQ(table.size(), 1U);
}

TEST(StreamTable, AnInterruptedAnswerMayBeginAnewAndNoOther) {
  for (const StreamEnd end : {StreamEnd::complete, StreamEnd::cancelled, StreamEnd::interrupted}) {
    StreamTable table(kLimits);
    ASSERT_TRUE(table.append(piece("m", "ann", 1, "a", 1), 0));
    ASSERT_TRUE(table.finish("m", end));
    EXPECT_EQ(table.append(piece("m", "ann", 2, "b", 1), 0).error().code, ErrorCode::stream_closed);
    EXPECT_EQ(table.append(piece("m", "ann", 1, "b", 0), 0).error().code, ErrorCode::stream_fenced);
    EXPECT_EQ(table.append(piece("m", "eve", 1, "b", 2), 0).error().code, ErrorCode::stream_closed);
    EXPECT_EQ(table.append(piece("m", "ann", 1, "b", 2), 0).has_value(),
              end == StreamEnd::interrupted);
  }
}

TEST(StreamTable, TheHighestGenerationCountsInWhateverOrderTheyAreRemembered) {
  StreamTable table(kLimits);
  table.remember({.message_id = "m", .producer = "ann", .generation = 1, .pieces = 1});
  table.remember({.message_id = "m",
                  .producer = "ann",
                  .generation = 0,
                  .pieces = 1,
                  .end = StreamEnd::interrupted});
  EXPECT_TRUE(table.append(piece("m", "ann", 1, "a", 1), 0)->duplicate);
  EXPECT_EQ(table.append(piece("m", "ann", 1, "a", 2), 0).error().code, ErrorCode::stream_closed);
}

TEST(StreamTable, AMessageCanBeAnnouncedBeforeItsFirstPiece) {
  StreamTable table(kLimits);
  EXPECT_FALSE(table.open(piece("m", "ann", 0, ""), 0)->duplicate);
  EXPECT_EQ(table.find("m")->pieces(), 0U);
  EXPECT_EQ(table.open(piece("m", "eve", 0, ""), 0).error().code, ErrorCode::stream_closed);
  EXPECT_TRUE(table.open(piece("m", "ann", 0, ""), 90)->duplicate);
  EXPECT_TRUE(table.abandoned(190).empty()) << "the second time said that the producer is alive";
  EXPECT_EQ(table.abandoned(191).size(), 1U);
  EXPECT_EQ(table.append(piece("m", "ann", 1, "a"), 200)->index, 1U);
  EXPECT_FALSE(table.open(piece("m", "ann", 0, "", 1), 200)->duplicate);
  EXPECT_EQ(table.find("m")->pieces(), 0U);
  EXPECT_EQ(table.append(piece("m", "ann", 2, "b"), 200).error().code, ErrorCode::stream_fenced);
}

TEST(StreamTable, BoundsThePartsOfAMessageAndCountsTheirNames) {
  StreamTable table({.text_bytes_max = 10, .parts_max = 2});
  const auto add = [&](std::string_view id, std::string_view kind, std::string_view content) {
    PieceOffer offer = piece("m", "ann", 0, content);
    offer.part_id = id;
    offer.part_kind = kind;
    return table.append(offer, 0);
  };
  EXPECT_TRUE(add("a", "k", "1"));
  EXPECT_TRUE(add("a", "l", "2")) << "another kind is another part";
  EXPECT_EQ(add("b", "k", "3").error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(add("a", "k", "1234"));
  EXPECT_EQ(add("a", "k", "1").error().code, ErrorCode::message_too_large);
  EXPECT_EQ(table.find("m")->whole().parts[0].content, "11234");
}

TEST(StreamTable, BoundsTheMessagesOfOneProducer) {
  StreamTable table({.growing_max = 3, .growing_per_producer_max = 1});
  EXPECT_TRUE(table.append(piece("a", "ann", 1, ""), 0));
  EXPECT_EQ(table.append(piece("b", "ann", 1, ""), 0).error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(table.append(piece("a", "ann", 1, "", 1), 0)) << "a new start takes the old place";
  EXPECT_TRUE(table.append(piece("b", "bob", 1, ""), 0));
  table.finish("a", StreamEnd::complete);
  EXPECT_TRUE(table.append(piece("c", "ann", 1, ""), 0));
}

}  // namespace
}  // namespace tidewire
