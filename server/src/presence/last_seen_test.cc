#include "presence/last_seen.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

std::vector<std::string> names(const LastSeen& seen) {
  std::vector<std::string> list;
  for (const SeenUser& user : seen.list()) list.push_back(user.user_id);
  return list;
}

using Names = std::vector<std::string>;

TEST(LastSeen, ListsTheNewestFirstAndNobodyTwice) {
  LastSeen seen(10, 1'000);
  seen.left("ann", 1);
  seen.left("bob", 2);
  seen.left("ann", 3);
  EXPECT_EQ(names(seen), (Names{"ann", "bob"}));
  EXPECT_EQ(seen.list()[0].at, 3);
  seen.came_back("ann");
  EXPECT_EQ(names(seen), (Names{"bob"}));
}

TEST(LastSeen, HoldsItsNumberAndItsAge) {
  LastSeen seen(2, 1'000);
  for (const char* user : {"a", "b", "c"}) seen.left(user, 500);
  EXPECT_EQ(names(seen), (Names{"c", "b"})) << "the oldest went";
  seen.left("d", 600);
  seen.trim(1'499);
  EXPECT_EQ(names(seen), (Names{"d", "c"}));
  seen.trim(1'500);
  EXPECT_EQ(names(seen), (Names{"d"}));
  seen.trim(1'600);
  EXPECT_TRUE(seen.empty());
}

TEST(LastSeen, KeepsNobodyWhenItIsOff) {
  LastSeen seen(10, 0);
  seen.left("ann", 1);
  EXPECT_TRUE(seen.empty());
}

}  // namespace
}  // namespace tidewire
