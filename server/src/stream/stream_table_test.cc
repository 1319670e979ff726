#include "stream/stream_table.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr StreamLimits kLimits{
    .growing_max = 2, .text_bytes_max = 10, .remembered_max = 2, .idle_ms_max = 100};

TEST(StreamTable, FoldsPiecesInOrder) {
  StreamTable table(kLimits);
  EXPECT_EQ(table.append("m", "ann", 1, "He", 0)->index, 1U);
  EXPECT_EQ(table.append("m", "ann", 2, "llo", 0)->index, 2U);
  EXPECT_EQ(table.append("m", "ann", 0, "!", 0)->index, 3U) << "no index means the next one";
  EXPECT_EQ(table.find("m")->text(), "Hello!");
  EXPECT_EQ(table.find("m")->pieces(), 3U);
}

TEST(StreamTable, AnswersARepeatedIndexAsADuplicateThatChangesNothing) {
  StreamTable table(kLimits);
  table.append("m", "ann", 1, "a", 0);
  table.append("m", "ann", 2, "b", 0);
  for (const std::uint64_t index : {1, 2})
    EXPECT_TRUE(table.append("m", "ann", index, "X", 0)->duplicate);
  EXPECT_EQ(table.find("m")->text(), "ab");
}

TEST(StreamTable, NamesTheExpectedIndexOfASkippedPiece) {
  StreamTable table(kLimits);
  const auto unknown = table.append("m", "ann", 2, "b", 0);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::stream_gap);
  EXPECT_EQ(unknown.error().details, R"("expectedIndex":1)");
  table.append("m", "ann", 1, "a", 0);
  EXPECT_EQ(table.append("m", "ann", 3, "c", 0).error().details, R"("expectedIndex":2)");
  EXPECT_EQ(table.find("m")->text(), "a");
}

TEST(StreamTable, RemembersFinishedMessages) {
  StreamTable table(kLimits);
  table.append("m", "ann", 1, "a", 0);
  EXPECT_FALSE(table.has_ended("m"));
  EXPECT_EQ(table.finish("m")->text(), "a");
  EXPECT_TRUE(table.has_ended("m"));
  EXPECT_TRUE(table.append("m", "ann", 1, "a", 0)->duplicate);
  EXPECT_EQ(table.append("m", "ann", 2, "b", 0).error().code, ErrorCode::stream_closed);
  EXPECT_EQ(table.append("m", "ann", 0, "b", 0).error().code, ErrorCode::stream_closed);
  EXPECT_EQ(table.finish("m"), nullptr);
}

TEST(StreamTable, LetsNobodyElseWriteIntoAMessage) {
  StreamTable table(kLimits);
  table.append("m", "ann", 1, "a", 0);
  EXPECT_EQ(table.append("m", "eve", 2, "b", 0).error().code, ErrorCode::stream_closed);
  EXPECT_EQ(table.find("m")->text(), "a");
}

TEST(StreamTable, HoldsItsLimits) {
  StreamTable table(kLimits);
  EXPECT_TRUE(table.append("a", "ann", 1, "0123456789", 0));
  EXPECT_EQ(table.append("a", "ann", 2, "x", 0).error().code, ErrorCode::message_too_large);
  EXPECT_EQ(table.append("b", "ann", 1, "0123456789x", 0).error().code,
            ErrorCode::message_too_large);
  EXPECT_EQ(table.find("b"), nullptr);
  EXPECT_TRUE(table.append("b", "ann", 1, "", 0));
  EXPECT_EQ(table.append("c", "ann", 1, "", 0).error().code, ErrorCode::limit_exceeded);
}

TEST(StreamTable, FindsAbandonedMessages) {
  StreamTable table(kLimits);
  table.append("a", "ann", 1, "x", 0);
  table.append("b", "ann", 1, "x", 50);
  EXPECT_TRUE(table.abandoned(100).empty());
  EXPECT_EQ(table.abandoned(101), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace tidewire
