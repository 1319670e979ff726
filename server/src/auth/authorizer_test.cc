#include "auth/authorizer.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr auto kSubscribe = Permission::subscribe;
constexpr auto kPublish = Permission::publish;

Holder user(std::string id, std::vector<ChannelRule> rules = {}) {
  return {.user_id = std::move(id), .rules = std::move(rules)};
}

bool allowed(const Holder& claims, std::string_view channel, Permission permission,
             PermissionSet defaults = {}) {
  return Authorizer::allowed(claims, *ChannelName::parse(channel), {defaults}, permission);
}

TEST(Authorizer, DeniesByDefault) {
  for (std::size_t i = 0; i < kPermissionCount; ++i)
    EXPECT_FALSE(allowed(user("ada"), "chat:lobby", static_cast<Permission>(i)));
}

TEST(Authorizer, UsesTheNamespacesDefaultsWithoutAMatchingRule) {
  const auto ada = user("ada", {{"doc:1", false, {kPublish}}});
  EXPECT_TRUE(allowed(ada, "chat:lobby", kSubscribe, {kSubscribe}));
  EXPECT_FALSE(allowed(ada, "chat:lobby", kPublish, {kSubscribe}));
}

TEST(Authorizer, AMatchingRuleReplacesTheDefaults) {
  const auto ada = user("ada", {{"chat:lobby", false, {kSubscribe}}});
  EXPECT_TRUE(allowed(ada, "chat:lobby", kSubscribe, PermissionSet::all()));
  EXPECT_FALSE(allowed(ada, "chat:lobby", kPublish, PermissionSet::all()));
  EXPECT_TRUE(allowed(ada, "chat:other", kPublish, PermissionSet::all()));
}

TEST(Authorizer, AnEmptyRuleTakesAway) {
  const auto ada = user("ada", {{"chat:", true, {}}});
  EXPECT_FALSE(allowed(ada, "chat:lobby", kSubscribe, PermissionSet::all()));
}

TEST(Authorizer, MatchingRulesAddUp) {
  const auto ada = user("ada", {{"chat:", true, {kSubscribe}}, {"chat:lobby", false, {kPublish}}});
  EXPECT_TRUE(allowed(ada, "chat:lobby", kSubscribe));
  EXPECT_TRUE(allowed(ada, "chat:lobby", kPublish));
  EXPECT_FALSE(allowed(ada, "chat:other", kPublish));
}

TEST(Authorizer, NamesAreComparedByteForByte) {
  const auto ada = user("ada", {{"chat:lobby", false, {kSubscribe}}});
  for (const char* other : {"chat:Lobby", "chat:lobb", "chat:lobby1", "xchat:lobby", "chat:lobby:"})
    EXPECT_FALSE(allowed(ada, other, kSubscribe)) << other;
}

TEST(Authorizer, TheOwnUserChannelIsAlwaysReadableByItsUser) {
  for (const auto permission : {kSubscribe, Permission::presence, Permission::history})
    EXPECT_TRUE(allowed(user("ada"), "user:ada", permission));
  EXPECT_TRUE(
      allowed(user("ada", {{"*", false, {}}, {"user:ada", false, {}}}), "user:ada", kSubscribe));
  EXPECT_FALSE(allowed(user("ada"), "user:ada", kPublish));
  EXPECT_FALSE(allowed(user("ada"), "user:ada", kPublish, PermissionSet::all()));
}

TEST(Authorizer, NobodyElseReadsAUserChannelWithoutARule) {
  for (const char* id : {"eve", "ad", "adaa", "Ada", "ada:x", "user:ada"})
    EXPECT_FALSE(allowed(user(id), "user:ada", kSubscribe, PermissionSet::all())) << id;
  EXPECT_TRUE(allowed(user("admin", {{"user:", true, {kSubscribe}}}), "user:ada", kSubscribe));
}

TEST(PermissionSet, HoldsWhatWasAdded) {
  PermissionSet set;
  EXPECT_TRUE(set.empty());
  for (std::size_t i = 0; i < kPermissionCount; ++i) {
    EXPECT_FALSE(set.contains(static_cast<Permission>(i)));
    set.add(static_cast<Permission>(i));
    EXPECT_TRUE(set.contains(static_cast<Permission>(i)));
  }
  EXPECT_EQ(set, PermissionSet::all());
}

}  // namespace
}  // namespace tidewire
