#include "session/transfer_table.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

class TransferTableTest : public ::testing::Test {
 protected:
  auto begin(std::string_view user, std::string_view id, std::uint64_t size) {
    return table_.begin(user, id, size, clock_.mono_ms());
  }
  auto add(std::string_view user, std::string_view id, std::uint64_t index, std::string_view data) {
    return table_.add(user, id, index, data, clock_.mono_ms());
  }

  FakeClock clock_;
  TransferTable table_{{.bytes_max = 100, .per_user = 2, .memory_max = 250, .ttl_ms = 1'000}};
};

TEST_F(TransferTableTest, PutsThePiecesTogether) {
  ASSERT_TRUE(begin("ann", "t", 5));
  EXPECT_EQ(add("ann", "t", 1, "ab")->next_index, 2U);
  EXPECT_EQ(add("ann", "t", 2, "cde")->received, 5U);
  EXPECT_EQ(table_.finish("ann", "t"), "abcde");
  EXPECT_EQ(table_.finish("ann", "t").error().code, ErrorCode::not_found) << "once";
  EXPECT_EQ(table_.open(), 0U);
}

TEST_F(TransferTableTest, TellsWhatArrivedAndTakesAPieceOnce) {
  ASSERT_TRUE(begin("ann", "t", 5));
  ASSERT_TRUE(add("ann", "t", 1, "ab"));
  const auto again = add("ann", "t", 1, "zz");
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->next_index, 2U);
  const auto resumed = begin("ann", "t", 5);
  EXPECT_TRUE(resumed->duplicate);
  EXPECT_EQ(resumed->next_index, 2U);
  EXPECT_EQ(resumed->received, 2U);
  EXPECT_EQ(begin("ann", "t", 6).error().code, ErrorCode::conflict);
  ASSERT_TRUE(add("ann", "t", 2, "cde"));
  EXPECT_EQ(table_.finish("ann", "t"), "abcde");
}

TEST_F(TransferTableTest, NamesTheMissingPiece) {
  ASSERT_TRUE(begin("ann", "t", 5));
  const auto skipped = add("ann", "t", 2, "x").error();
  EXPECT_EQ(skipped.code, ErrorCode::stream_gap);
  EXPECT_EQ(skipped.details, R"("expectedIndex":1)");
  ASSERT_TRUE(add("ann", "t", 1, "abcd"));
  EXPECT_EQ(table_.finish("ann", "t").error().details, R"("expectedIndex":2)");
  ASSERT_TRUE(add("ann", "t", 2, "e"));
  EXPECT_TRUE(table_.finish("ann", "t"));
}

TEST_F(TransferTableTest, HoldsTheAnnouncedSize) {
  ASSERT_TRUE(begin("ann", "t", 5));
  EXPECT_EQ(add("ann", "t", 1, "abcdef").error().code, ErrorCode::invalid_message);
  EXPECT_TRUE(add("ann", "t", 1, "abcde")) << "it stays";
}

TEST_F(TransferTableTest, BelongsToItsUser) {
  ASSERT_TRUE(begin("ann", "t", 5));
  EXPECT_EQ(add("eve", "t", 1, "x").error().code, ErrorCode::not_found);
  EXPECT_TRUE(begin("eve", "t", 7)) << "the same name is another transfer";
}

TEST_F(TransferTableTest, HoldsItsLimits) {
  EXPECT_EQ(begin("ann", "t", 101).error().code, ErrorCode::message_too_large);
  ASSERT_TRUE(begin("ann", "1", 100));
  ASSERT_TRUE(begin("ann", "2", 100));
  EXPECT_EQ(begin("ann", "3", 1).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(begin("eve", "1", 51).error().code, ErrorCode::overloaded);
  EXPECT_TRUE(begin("eve", "1", 50));
  TransferTable off{{.bytes_max = 0}};
  EXPECT_EQ(off.begin("ann", "t", 1, 0).error().code, ErrorCode::unsupported);
}

TEST_F(TransferTableTest, ForgetsWhatGetsNoMorePieces) {
  ASSERT_TRUE(begin("ann", "old", 5));
  clock_.advance_ms(500);
  ASSERT_TRUE(begin("ann", "new", 100));
  ASSERT_TRUE(add("ann", "old", 1, "a")) << "a piece renews it";
  clock_.advance_ms(999);
  table_.expire(clock_.mono_ms());
  EXPECT_EQ(table_.open(), 2U);
  clock_.advance_ms(1);
  table_.expire(clock_.mono_ms());
  EXPECT_EQ(table_.open(), 0U);
  EXPECT_EQ(add("ann", "old", 2, "b").error().code, ErrorCode::not_found);
  EXPECT_TRUE(begin("eve", "1", 100)) << "its memory is free";
  EXPECT_TRUE(begin("eve", "2", 100));
}

}  // namespace
}  // namespace tidewire
