#include "presence/presence_table.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

using Change = PresenceTable::Change;

TEST(PresenceTable, CountsAUserOnceOverSeveralDevices) {
  PresenceTable table(10);
  EXPECT_EQ(table.join("ann", "c1", R"({"name":"Ann"})", 5), Change::first_device);
  EXPECT_EQ(table.join("ann", "c2", R"({"name":"Ann"})", 9), Change::another_device);
  ASSERT_EQ(table.members().size(), 1U);
  EXPECT_EQ(table.members()[0].clients, 2U);
  EXPECT_EQ(table.members()[0].since, 5);
  EXPECT_EQ(table.leave("ann", "c1"), Change::one_device_less);
  EXPECT_EQ(table.leave("ann", "c2"), Change::last_device);
  EXPECT_EQ(table.size(), 0U);
}

TEST(PresenceTable, IgnoresADoubleJoinAndAnUnknownLeave) {
  PresenceTable table(10);
  table.join("ann", "c1", "", 0);
  EXPECT_EQ(table.join("ann", "c1", "", 0), Change::another_device);
  EXPECT_EQ(table.members()[0].clients, 1U);
  EXPECT_EQ(table.leave("ann", "c9"), Change::unknown);
  EXPECT_EQ(table.leave("bob", "c1"), Change::unknown);
  EXPECT_EQ(table.leave("ann", "c1"), Change::last_device);
}

TEST(PresenceTable, IsFullAtItsLimit) {
  PresenceTable table(2);
  EXPECT_EQ(table.join("a", "1", "", 0), Change::first_device);
  EXPECT_EQ(table.join("b", "2", "", 0), Change::first_device);
  EXPECT_EQ(table.join("c", "3", "", 0), Change::full);
  EXPECT_EQ(table.join("a", "4", "", 0), Change::another_device);
  EXPECT_EQ(table.leave("c", "3"), Change::unknown);
}

TEST(PresenceTable, KeepsHostileNamesApart) {
  PresenceTable table(10);
  for (const char* name : {"__proto__", "constructor", "", "a\"b", "a"})
    table.join(name, "c", "", 0);
  EXPECT_EQ(table.size(), 5U);
}

}  // namespace
}  // namespace tidewire
