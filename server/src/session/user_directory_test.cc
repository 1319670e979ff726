#include "session/user_directory.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(UserDirectory, NamesTheOldestConnectionPastTheLimit) {
  UserDirectory users(2);
  EXPECT_FALSE(users.add("ann", {0, ShortId("c1")}));
  EXPECT_FALSE(users.add("ann", {1, ShortId("c2")}));
  EXPECT_FALSE(users.add("bob", {1, ShortId("c9")}));
  const auto replaced = users.add("ann", {0, ShortId("c3")});
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->connection_id, "c1");
  EXPECT_EQ(replaced->shard, 0);
  EXPECT_EQ(users.connections_of("ann"), 2U);
}

TEST(UserDirectory, ForgetsClosedConnections) {
  UserDirectory users(1);
  EXPECT_FALSE(users.add("ann", {0, ShortId("c1")}));
  users.remove("ann", "c1");
  users.remove("ann", "c1");
  users.remove("eve", "c1");
  EXPECT_EQ(users.connections_of("ann"), 0U);
  EXPECT_FALSE(users.add("ann", {0, ShortId("c2")}));
}

TEST(UserDirectory, HasNoLimitAtZero) {
  UserDirectory users(0);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(users.add("ann", {0, ShortId(std::to_string(i))}));
}

}  // namespace
}  // namespace tidewire
