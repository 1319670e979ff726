#include "session/session_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidewire {
namespace {

using Found = SessionRegistry::Found;
using Queued = SessionRegistry::Queued;

constexpr WallMillis kNow = 1'000'000;

ParkedSession session(std::string id, std::string user = "ann") {
  return {.id = std::move(id), .user_id = std::move(user)};
}

SessionRecord record(std::string id, WallMillis expires_at = kNow + 1) {
  return {.id = std::move(id), .user_id = "ann", .expires_at = expires_at};
}

SessionClaim claim_of(std::string id, std::string connection, std::string user = "ann") {
  return {.session_id = std::move(id),
          .user_id = std::move(user),
          .holder = {0, std::move(connection)}};
}

void begin_and_park(SessionRegistry& registry, const std::string& id, WallMillis now = kNow,
                    const std::string& user = "ann") {
  registry.begin(id, user, {0, "c-" + id});
  ASSERT_TRUE(registry.park(session(id, user), "c-" + id, now));
}

TEST(SessionRegistry, AParkedSessionGoesToItsUserOnce) {
  SessionRegistry registry{SessionLimits{}};
  begin_and_park(registry, "s");
  EXPECT_EQ(registry.claim(claim_of("s", "c2", "bob"), kNow).found, Found::other_user);
  auto claimed = registry.claim(claim_of("s", "c2"), kNow);
  ASSERT_EQ(claimed.found, Found::parked);
  EXPECT_EQ(claimed.session->id, "s");
  EXPECT_EQ(registry.claim(claim_of("s", "c3"), kNow).found, Found::held);
}

TEST(SessionRegistry, AnUnknownSessionIsMadeOnlyForABoundToken) {
  SessionRegistry registry{SessionLimits{}};
  EXPECT_EQ(registry.claim(claim_of("s", "c1"), kNow).found, Found::nothing);
  EXPECT_TRUE(registry.of_user("ann").empty());
  auto bound = claim_of("s", "c1");
  bound.create = true;
  EXPECT_EQ(registry.claim(bound, kNow).found, Found::nothing);
  EXPECT_EQ(registry.of_user("ann"), std::vector<std::string>{"s"});
}

TEST(SessionRegistry, AClaimThatWasOvertakenFindsTheNewerConnection) {
  SessionRegistry registry{SessionLimits{}};
  registry.begin("s", "ann", {1, "newer", 20});
  SessionClaim late = claim_of("s", "older");
  late.holder.since = 10;
  EXPECT_EQ(registry.claim(late, kNow).found, Found::newer);
  EXPECT_FALSE(registry.park(session("s"), "older", kNow)) << "it never had the session";
  late.in_place = true;
  EXPECT_EQ(registry.claim(late, kNow).found, Found::held) << "it asks for another session now";
}

TEST(SessionRegistry, WhileASessionMovesOthersFindItBusy) {
  SessionRegistry registry{SessionLimits{}};
  registry.begin("s", "ann", {1, "c1"});
  const auto first = registry.claim(claim_of("s", "c2"), kNow);
  ASSERT_EQ(first.found, Found::held);
  EXPECT_EQ(first.previous.connection_id, "c1");
  EXPECT_EQ(first.previous.shard, 1);
  EXPECT_EQ(registry.claim(claim_of("s", "c3"), kNow).found, Found::busy);
  EXPECT_EQ(registry.claim(claim_of("s", "c3", "bob"), kNow).found, Found::busy);
  (void)registry.settle("s");
  EXPECT_EQ(registry.claim(claim_of("s", "c3"), kNow).previous.connection_id, "c2");
}

TEST(SessionRegistry, WhoWaitsForAMoveIsToldWhenItIsOver) {
  SessionRegistry registry{SessionLimits{}};
  registry.begin("s", "ann", {0, "c1"});
  int woken = 0;
  SessionRegistry::Waiter waiter{.shard = 3, .task = [&] { ++woken; }};
  EXPECT_FALSE(registry.wait("s", waiter)) << "nothing moves it";
  ASSERT_EQ(registry.claim(claim_of("s", "c2"), kNow).found, Found::held);
  ASSERT_TRUE(registry.wait("s", waiter));
  auto woke = registry.settle("s");
  ASSERT_EQ(woke.size(), 1U);
  EXPECT_EQ(woke[0].shard, 3);
  woke[0].task();
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(registry.settle("s").empty());
}

TEST(SessionRegistry, WhoWaitsForASessionThatEndsIsToldToo) {
  SessionRegistry registry{SessionLimits{}};
  registry.restore(record("s"));
  ASSERT_EQ(registry.claim(claim_of("s", "c1"), kNow).found, Found::stored);
  SessionRegistry::Waiter waiter{.shard = 0, .task = [] {}};
  ASSERT_TRUE(registry.wait("s", waiter));
  registry.end("s", "c1");
  EXPECT_EQ(registry.settle("s").size(), 1U);
}

TEST(SessionRegistry, KnowsWhatIsOnlyInAStore) {
  SessionRegistry registry{SessionLimits{}};
  registry.restore(record("s", kNow + 100));
  EXPECT_EQ(registry.of_user("ann"), std::vector<std::string>{"s"});
  const auto list = registry.list("ann", 10);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_FALSE(list[0].holder);
  EXPECT_FALSE(list[0].channels);
  EXPECT_EQ(list[0].expires_at, kNow + 100);
  EXPECT_EQ(registry.claim(claim_of("s", "c1", "bob"), kNow).found, Found::other_user);
  EXPECT_EQ(registry.claim(claim_of("s", "c1"), kNow).found, Found::stored);
  EXPECT_EQ(registry.claim(claim_of("s", "c2"), kNow).found, Found::busy) << "it is being read";
  (void)registry.settle("s");
  EXPECT_EQ(registry.claim(claim_of("s", "c2"), kNow).previous.connection_id, "c1");
  EXPECT_TRUE(registry.end("s", "c2")) << "the store has to forget it";
}

TEST(SessionRegistry, AnEventForWhatIsOnlyInAStoreKeepsItUntilItIsThere) {
  SessionRegistry registry{SessionLimits{}};
  registry.restore(record("s", kNow + 100));
  const DirectEvent event{.type = "e", .ts = kNow};
  EXPECT_EQ(registry.reach("s", event, false).what, Queued::skipped);
  EXPECT_EQ(registry.reach("s", event, true).what, Queued::stored);
  EXPECT_EQ(registry.reach("s", event, true).what, Queued::busy);
  EXPECT_EQ(registry.claim(claim_of("s", "c1"), kNow).found, Found::busy);
  EXPECT_EQ(registry.expire_stored(kNow + 100), 0U);
  (void)registry.settle("s");
  EXPECT_EQ(registry.reach("s", {.type = "e", .ts = kNow + 100}, true).what, Queued::unknown);
  EXPECT_EQ(registry.expire_stored(kNow + 100), 1U);
  EXPECT_TRUE(registry.expire(kNow + 100).empty()) << "the store has forgotten it by itself";
  EXPECT_TRUE(registry.of_user("ann").empty());
}

TEST(SessionRegistry, WhatIsOnlyInAStoreIsOneOfNoLimit) {
  SessionRegistry registry{SessionLimits{.parked_max = 2, .parked_per_user_max = 1}};
  for (int i = 0; i < 10; ++i) registry.restore(record("s" + std::to_string(i), kNow + 100));
  EXPECT_EQ(registry.parked_count(), 0U);
  for (const char* user : {"ann", "bob", "cleo"})
    begin_and_park(registry, std::string("p-") + user, kNow, user);
  begin_and_park(registry, "p2-cleo", kNow, "cleo");
  EXPECT_EQ(registry.of_user("ann").size(), 10U);
  EXPECT_THAT(registry.expire(kNow), ::testing::ElementsAre("p-ann", "p-cleo"));
  EXPECT_EQ(registry.parked_count(), 2U);
  ASSERT_EQ(registry.claim(claim_of("s3", "c3"), kNow).found, Found::stored);
  (void)registry.settle("s3");
  ASSERT_TRUE(registry.park(session("s3"), "c3", kNow));
  EXPECT_EQ(registry.expire(kNow), std::vector<std::string>{"p-bob"}) << "now it counts";
}

TEST(SessionRegistry, WhatIsOnlyInAStoreEndsAtItsTime) {
  SessionRegistry registry{SessionLimits{}};
  registry.restore(record("s", kNow + 50));
  registry.restore(record("t", kNow + 100));
  EXPECT_EQ(registry.expire_stored(kNow + 49), 0U);
  EXPECT_EQ(registry.expire_stored(kNow + 50), 1U);
  EXPECT_EQ(registry.claim(claim_of("t", "c1"), kNow + 100).found, Found::nothing);
  EXPECT_EQ(registry.expire_stored(kNow + 100), 0U);
  EXPECT_TRUE(registry.list("", 10).empty());
}

TEST(SessionRegistry, AStoreIsToldOnceMoreWhatHasEnded) {
  SessionRegistry registry{SessionLimits{}};
  registry.mark_ended("s");
  EXPECT_EQ(registry.claim(claim_of("s", "c1"), kNow).found, Found::nothing);
  EXPECT_TRUE(registry.of_user("ann").empty());
  EXPECT_EQ(registry.expire(kNow), std::vector<std::string>{"s"});
}

TEST(SessionRegistry, WhatTheOlderConnectionParksMeanwhileIsForTheClaim) {
  SessionRegistry registry{SessionLimits{}};
  registry.begin("s", "ann", {0, "c1"});
  ASSERT_EQ(registry.claim(claim_of("s", "c2"), kNow).found, Found::held);
  EXPECT_TRUE(registry.park(session("s"), "c1", kNow));
  EXPECT_EQ(registry.parked_count(), 0U);
  EXPECT_TRUE(registry.take("s"));
  EXPECT_FALSE(registry.take("s"));
  (void)registry.settle("s");
  registry.end("s", "c1");  // no longer its session
  EXPECT_EQ(registry.of_user("ann").size(), 1U);
  registry.end("s", "c2");
  EXPECT_TRUE(registry.of_user("ann").empty());
}

TEST(SessionRegistry, AConnectionThatLostItsSessionParksNothing) {
  SessionRegistry registry{SessionLimits{}};
  registry.begin("s", "ann", {0, "c1"});
  registry.begin("s", "ann", {0, "c2"});
  EXPECT_FALSE(registry.park(session("s"), "c1", kNow));
}

TEST(SessionRegistry, ParkedSessionsEndAtTheirTime) {
  SessionRegistry registry{SessionLimits{.ttl_ms = 100}};
  begin_and_park(registry, "s", kNow);
  begin_and_park(registry, "t", kNow + 50);
  EXPECT_TRUE(registry.expire(kNow + 99).empty());
  EXPECT_EQ(registry.claim(claim_of("s", "c2"), kNow + 100).found, Found::nothing);
  EXPECT_EQ(registry.expire(kNow + 100), std::vector<std::string>{"s"});
  EXPECT_EQ(registry.expire(kNow + 150), std::vector<std::string>{"t"});
  EXPECT_EQ(registry.parked_count(), 0U);
}

TEST(SessionRegistry, PastALimitTheSessionParkedFirstEnds) {
  SessionRegistry registry{SessionLimits{.parked_max = 3, .parked_per_user_max = 2}};
  for (const char* id : {"a1", "a2", "a3"}) begin_and_park(registry, id);
  EXPECT_EQ(registry.expire(kNow), std::vector<std::string>{"a1"});
  begin_and_park(registry, "b1", kNow, "bob");
  begin_and_park(registry, "b2", kNow, "bob");
  EXPECT_EQ(registry.expire(kNow), std::vector<std::string>{"a2"});
  EXPECT_EQ(registry.parked_count(), 3U);
}

TEST(SessionRegistry, ATooLargeSessionIsNotKept) {
  SessionRegistry registry{SessionLimits{.parked_bytes_max = 1'000}};
  registry.begin("s", "ann", {0, "c1"});
  ParkedSession large = session("s");
  large.events.push_back({.type = "t", .payload = std::string(1'000, 'x')});
  EXPECT_FALSE(registry.park(std::move(large), "c1", kNow));
  EXPECT_EQ(registry.expire(kNow), std::vector<std::string>{"s"}) << "a store may know of it";
  EXPECT_EQ(registry.claim(claim_of("s", "c2"), kNow).found, Found::nothing);
}

TEST(SessionRegistry, KnowsWhatAStoreHasToForget) {
  SessionRegistry registry{SessionLimits{.parked_per_user_max = 1}};
  registry.begin("s", "ann", {0, "c1"});
  registry.begin("t", "ann", {0, "c2"});
  EXPECT_FALSE(registry.note_stored("s", "c2"));
  EXPECT_FALSE(registry.note_stored("u", "c2"));
  EXPECT_TRUE(registry.note_stored("s", "c1"));
  EXPECT_TRUE(registry.end("s", "c1"));
  EXPECT_FALSE(registry.end("t", "c2"));
  begin_and_park(registry, "v");
  ASSERT_EQ(registry.claim(claim_of("v", "c3"), kNow).found, Found::parked);
  EXPECT_TRUE(registry.end("v", "c3")) << "it was parked once";
}

TEST(SessionRegistry, ASessionThatBeganAgainIsNoneThatEnded) {
  SessionRegistry registry{SessionLimits{.parked_per_user_max = 1}};
  begin_and_park(registry, "s");
  begin_and_park(registry, "t");  // there is no room for `s` any more
  registry.begin("s", "ann", {0, "c3"});
  EXPECT_TRUE(registry.expire(kNow).empty());
}

TEST(SessionRegistry, EventsWaitForAParkedSessionTheNewestOnes) {
  SessionRegistry registry{SessionLimits{.events_max = 2}};
  EXPECT_EQ(registry.reach("s", {.type = "e0"}, true).what, Queued::unknown);
  registry.begin("s", "ann", {2, "c1"});
  const auto held = registry.reach("s", {.type = "e0"}, true);
  EXPECT_EQ(held.what, Queued::held);
  EXPECT_EQ(held.holder.shard, 2);
  ASSERT_TRUE(registry.park(session("s"), "c1", kNow));
  EXPECT_EQ(registry.reach("s", {.type = "e0"}, false).what, Queued::skipped);
  for (const char* type : {"e1", "e2", "e3"})
    EXPECT_EQ(registry.reach("s", {.type = type}, true).what, Queued::queued);
  const auto claimed = registry.claim(claim_of("s", "c2"), kNow);
  ASSERT_EQ(claimed.session->events.size(), 2U);
  EXPECT_EQ(claimed.session->events[0].type, "e2");
}

TEST(SessionRegistry, ListsWhatIsThere) {
  SessionRegistry registry{SessionLimits{}};
  begin_and_park(registry, "p");
  registry.begin("h", "bob", {1, "c9"});
  EXPECT_EQ(registry.list("", 10).size(), 2U);
  EXPECT_EQ(registry.list("", 1).size(), 1U);
  const auto bob = registry.list("bob", 10);
  ASSERT_EQ(bob.size(), 1U);
  EXPECT_EQ(bob[0].holder->connection_id, "c9");
}

}  // namespace
}  // namespace tidewire
