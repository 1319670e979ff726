#include "stream/early_cancels.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

StreamCancel by(std::string user) { return {"enough", {std::move(user), "c", "test"}}; }

TEST(EarlyCancels, WaitForTheirMessageAndCountOnce) {
  EarlyCancels cancels(2, 100);
  cancels.remember("m", by("ann"), 0);
  EXPECT_FALSE(cancels.take("other", 0));
  const auto taken = cancels.take("m", 99);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->reason, "enough");
  EXPECT_EQ(taken->from.user_id, "ann");
  EXPECT_FALSE(cancels.take("m", 99));
}

TEST(EarlyCancels, KeepTheFirstOfSeveralForOneMessage) {
  EarlyCancels cancels(2, 100);
  cancels.remember("m", by("ann"), 0);
  cancels.remember("m", by("bob"), 50);
  EXPECT_EQ(cancels.size(), 1U);
  EXPECT_EQ(cancels.take("m", 60)->from.user_id, "ann");
}

TEST(EarlyCancels, AreForgottenAfterTheirTime) {
  EarlyCancels cancels(2, 100);
  cancels.remember("m", by("ann"), 0);
  EXPECT_FALSE(cancels.take("m", 100));
  EXPECT_TRUE(cancels.empty());
}

TEST(EarlyCancels, MakeRoomForTheNewest) {
  EarlyCancels cancels(2, 100);
  for (const char* id : {"a", "b", "c"}) cancels.remember(id, by("ann"), 0);
  EXPECT_EQ(cancels.size(), 2U);
  EXPECT_FALSE(cancels.take("a", 0));
  EXPECT_TRUE(cancels.take("c", 0));
}

}  // namespace
}  // namespace tidewire
