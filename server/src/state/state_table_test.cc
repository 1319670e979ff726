#include "state/state_table.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr StateLimits kLimits{.keys_max = 2, .value_bytes_max = 8, .bytes_max = 12};

TEST(StateTable, GivesEveryChangeAHigherVersion) {
  StateTable table(kLimits);
  EXPECT_EQ(table.set("a", "1", {}), 1U);
  EXPECT_EQ(table.set("b", "2", {}), 2U);
  EXPECT_EQ(table.set("a", "3", {}), 3U);
  EXPECT_EQ(table.find("a")->json, "3");
  EXPECT_EQ(table.find("a")->version, 3U);
  EXPECT_EQ(table.find("b")->version, 2U);
}

TEST(StateTable, NeverGivesADeletedKeyAVersionAgain) {
  StateTable table(kLimits);
  EXPECT_EQ(table.set("a", "1", {}), 1U);
  EXPECT_EQ(table.erase("a", {}), 2U);
  EXPECT_EQ(table.find("a"), nullptr);
  EXPECT_EQ(table.set("a", "1", {}), 3U);
  EXPECT_EQ(table.set("a", "2", 1).error().code, ErrorCode::conflict);
}

TEST(StateTable, GoesOnFromTheVersionsOfAnEarlierLife) {
  StateTable table(kLimits, 41);
  EXPECT_EQ(table.set("a", "1", {}), 42U);
}

TEST(StateTable, ChangesOnlyTheVersionThatWasMeant) {
  StateTable table(kLimits);
  EXPECT_EQ(table.set("a", "1", 0), 1U);
  EXPECT_EQ(table.set("a", "2", 1), 2U);

  const auto stale = table.set("a", "9", 1);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::conflict);
  EXPECT_EQ(stale.error().path, "/payload/ifVersion");
  EXPECT_EQ(stale.error().details, R"("current":{"key":"a","value":2,"version":2})");
  EXPECT_EQ(table.set("a", "9", 0).error().code, ErrorCode::conflict) << "0: must not exist";
  EXPECT_EQ(table.erase("a", 1).error().code, ErrorCode::conflict);
  EXPECT_EQ(table.find("a")->json, "2");
  EXPECT_EQ(table.erase("a", 2), 3U);
}

TEST(StateTable, SaysThatNothingIsThereAsVersion0) {
  StateTable table(kLimits);
  EXPECT_EQ(table.set("a", "1", 5).error().details,
            R"("current":{"key":"a","value":null,"version":0})");
  EXPECT_EQ(table.erase("a", 5).error().code, ErrorCode::conflict);
  EXPECT_EQ(table.erase("a", 0).error().code, ErrorCode::not_found);
  EXPECT_EQ(table.erase("a", {}).error().code, ErrorCode::not_found);
}

TEST(StateTable, RefusesOneKeyTooMany) {
  StateTable table(kLimits);
  EXPECT_TRUE(table.set("a", "1", {}));
  EXPECT_TRUE(table.set("b", "1", {}));
  const auto third = table.set("c", "1", {});
  EXPECT_EQ(third.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(third.error().path, "/payload/key");
  EXPECT_TRUE(table.set("a", "2", {})) << "a known key may still change";
  EXPECT_TRUE(table.erase("a", {}));
  EXPECT_TRUE(table.set("c", "1", {}));
}

TEST(StateTable, HoldsItsBytes) {
  StateTable table(kLimits);
  EXPECT_EQ(table.set("a", "123456789", {}).error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(table.set("a", "12345678", {}));
  EXPECT_EQ(table.bytes(), 9U);
  EXPECT_EQ(table.set("b", "123", {}).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(table.find("b"), nullptr);
  EXPECT_TRUE(table.set("b", "12", {}));
  EXPECT_EQ(table.bytes(), 12U) << "exactly full";
  EXPECT_TRUE(table.set("a", "1", {})) << "a smaller value makes room";
  EXPECT_EQ(table.bytes(), 5U);
  EXPECT_TRUE(table.erase("b", {}));
  EXPECT_EQ(table.bytes(), 2U);
}

TEST(StateTable, NamesKeysSafelyInAConflict) {
  StateTable table(kLimits);
  EXPECT_EQ(table.set("\"\n", "1", 1).error().details,
            R"("current":{"key":"\"\n","value":null,"version":0})");
}

TEST(StateTable, NamesTheKeysWhoseTimeHasCome) {
  using Keys = std::vector<std::string>;
  StateTable table({});
  EXPECT_EQ(table.next_due(0), std::nullopt);
  EXPECT_TRUE(table.set("b", "1", {}, 20));
  EXPECT_TRUE(table.set("a", "1", {}, 30));
  EXPECT_TRUE(table.set("c", "1", {}));
  EXPECT_TRUE(table.due(19).empty());
  EXPECT_EQ(table.next_due(19), 20);
  EXPECT_EQ(table.due(20), (Keys{"b"}));
  EXPECT_EQ(table.next_due(20), 30);
  EXPECT_EQ(table.due(99), (Keys{"b", "a"}));
  EXPECT_TRUE(table.set("b", "2", {}, 40)) << "a new value, a new time";
  EXPECT_EQ(table.due(39), (Keys{"a"}));
  EXPECT_TRUE(table.set("a", "2", {})) << "no time: it stays";
  EXPECT_EQ(table.next_due(0), 40);
  EXPECT_TRUE(table.erase("b", {}));
  EXPECT_EQ(table.next_due(0), std::nullopt);
  EXPECT_TRUE(table.due(1'000).empty());
}

}  // namespace
}  // namespace tidewire
