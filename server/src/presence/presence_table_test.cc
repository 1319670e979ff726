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

TEST(PresenceTable, KeepsADeviceUntilItsLastPlaceIsGivenUp) {
  PresenceTable table(10);
  table.join("ann", "s1", "", 0);
  EXPECT_EQ(table.join("ann", "s1", "", 0), Change::same_device) << "moving to a new connection";
  EXPECT_EQ(table.members()[0].clients, 1U);
  EXPECT_EQ(table.leave("ann", "s9"), Change::unknown);
  EXPECT_EQ(table.leave("bob", "s1"), Change::unknown);
  EXPECT_EQ(table.leave("ann", "s1", LeaveKind::lost, 50), Change::same_device);
  EXPECT_EQ(table.next_due(), std::nullopt);
  EXPECT_EQ(table.leave("ann", "s1"), Change::last_device);
}

TEST(PresenceTable, LetsALostDeviceLinger) {
  PresenceTable table(10);
  table.join("ann", "s1", "", 5);
  EXPECT_EQ(table.leave("ann", "s1", LeaveKind::lost, 100), Change::lingering);
  EXPECT_EQ(table.leave("ann", "s1"), Change::unknown) << "it has no place to give up";
  EXPECT_EQ(table.next_due(), 100);
  EXPECT_TRUE(table.expire(99).empty());
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table.members()[0].clients, 1U);
  EXPECT_EQ(table.expire(100), (std::vector<std::string>{"ann"}));
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.next_due(), std::nullopt);
  EXPECT_EQ(table.join("ann", "s1", "", 200), Change::first_device);
}

TEST(PresenceTable, TakesALostDeviceBackInSilence) {
  PresenceTable table(10);
  table.join("ann", "s1", "", 5);
  table.leave("ann", "s1", LeaveKind::lost, 100);
  EXPECT_EQ(table.join("ann", "s1", "", 90), Change::same_device);
  EXPECT_EQ(table.members()[0].since, 5);
  EXPECT_EQ(table.next_due(), std::nullopt);
  EXPECT_TRUE(table.expire(1'000).empty());
  EXPECT_EQ(table.size(), 1U);
  table.leave("ann", "s1", LeaveKind::lost, 2'000);
  EXPECT_EQ(table.next_due(), 2'000) << "a later drop has its own time";
}

TEST(PresenceTable, ALostDeviceTakesOnlyItselfAlong) {
  PresenceTable table(10);
  table.join("ann", "phone", "", 0);
  table.leave("ann", "phone", LeaveKind::lost, 100);
  EXPECT_EQ(table.join("ann", "laptop", "", 1), Change::another_device);
  EXPECT_TRUE(table.expire(100).empty());
  EXPECT_EQ(table.members().at(0).clients, 1U);
  EXPECT_EQ(table.leave("ann", "laptop"), Change::last_device);
}

TEST(PresenceTable, ReadsFromACloseCodeWhetherTheClientComesBack) {
  for (const std::uint16_t code : {1000, 1005, 4400, 4401, 4409, 4410})
    EXPECT_EQ(leave_kind(code), LeaveKind::left) << code;
  for (const std::uint16_t code : {0, 1001, 1002, 1006, 1009, 4001, 4008, 4010, 4012, 4399})
    EXPECT_EQ(leave_kind(code), LeaveKind::lost) << code;
}

TEST(PresenceTable, IsFullAtItsLimit) {
  PresenceTable table(2);
  EXPECT_EQ(table.join("a", "1", "", 0), Change::first_device);
  EXPECT_EQ(table.join("b", "2", "", 0), Change::first_device);
  EXPECT_EQ(table.join("c", "3", "", 0), Change::full);
  EXPECT_EQ(table.join("a", "4", "", 0), Change::another_device);
  EXPECT_EQ(table.leave("c", "3"), Change::unknown);
}

TEST(PresenceTable, KnowsWhenAUsersInfoIsAnotherOne) {
  PresenceTable table(10);
  table.join("ann", "s1", R"({"n":1})", 0);
  EXPECT_EQ(table.join("ann", "s2", R"({"n":1})", 0), Change::another_device);
  EXPECT_EQ(table.join("ann", "s0", "", 0), Change::another_device) << "nothing is said";
  EXPECT_EQ(table.join("ann", "s00", "{}", 0), Change::another_device);
  EXPECT_EQ(table.join("ann", "s3", R"({"n":2})", 0), Change::another_info);
  EXPECT_EQ(table.update("ann", "s1", R"({"away":true})"), Change::another_info);
  EXPECT_EQ(table.update("ann", "s2", R"({"away":true})"), Change::same_device);
  EXPECT_EQ(table.join("ann", "s4", R"({"n":3})", 0), Change::another_device)
      << "what the user said counts for more than a token";
  EXPECT_EQ(table.find("ann")->info_json, R"({"away":true})");
  EXPECT_EQ(table.update("ann", "s9", "{}"), Change::unknown);
  EXPECT_EQ(table.update("bob", "s1", "{}"), Change::unknown);
  table.leave("ann", "s1", LeaveKind::lost, 100);
  EXPECT_EQ(table.update("ann", "s1", "{}"), Change::unknown) << "it is not here to say anything";
}

TEST(PresenceTable, CountsDevicesAndGivesASample) {
  PresenceTable table(10);
  for (const char* user : {"c", "a", "b"}) table.join(user, "s", "", 0);
  table.join("a", "s2", "", 0);
  EXPECT_EQ(table.devices(), 4U);
  ASSERT_EQ(table.members(2).size(), 2U);
  EXPECT_EQ(table.members(2)[0].user_id, "a");
  table.leave("a", "s");
  table.leave("c", "s", LeaveKind::lost, 5);
  EXPECT_EQ(table.devices(), 3U);
  EXPECT_EQ(table.expire(5).size(), 1U);
  EXPECT_EQ(table.devices(), 2U);
}

TEST(PresenceTable, KeepsHostileNamesApart) {
  PresenceTable table(10);
  for (const char* name : {"__proto__", "constructor", "", "a\"b", "a"})
    table.join(name, "c", "", 0);
  EXPECT_EQ(table.size(), 5U);
}

}  // namespace
}  // namespace tidewire
