// Rate limits as a session meets them (docs/mechanisms/limits.md).
#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

Config limited() {
  Config config = test_config();
  config.limits.connection.subscribes = {.per_second = 1, .burst = 2};
  config.limits.connection.presence_updates = {.per_second = 1, .burst = 1};
  config.limits.user.publishes = {.per_second = 2, .burst = 3};
  config.limits.user.connects = {.per_second = 1, .burst = 2};
  config.namespaces["fast"].rates.bytes = {.per_second = 10, .burst = 100};
  return config;
}

class Rates : public ::testing::Test, protected SessionWorld {
 protected:
  Rates() : SessionWorld(limited()) {}

  static json subscribe(std::string_view channel) {
    return {{"type", "subscribe"}, {"channel", channel}};
  }
  static std::string name_of(const json& reply) { return reply["payload"].value("name", "ok"); }
  std::uint64_t refusals(RateScope scope, RateKind kind) {
    return domain.metrics[0]->rate_limited_by(scope, kind).value();
  }
};

TEST_F(Rates, ASubscribeTooManyIsRefusedWithTheTime) {
  auto client = connect_as("ann");
  EXPECT_EQ(client->ask(subscribe("chat:1"))["type"], "subscribed");
  EXPECT_EQ(client->ask(subscribe("chat:2"))["type"], "subscribed");
  const json refused = client->ask(subscribe("chat:3"));
  EXPECT_EQ(name_of(refused), "rate_limited");
  EXPECT_EQ(refused["payload"]["retryAfterMs"], 1'000);
  EXPECT_EQ(refusals(RateScope::connection, RateKind::subscribes), 1U);
  advance(1'000);
  EXPECT_EQ(client->ask(subscribe("chat:3"))["type"], "subscribed");
}

TEST_F(Rates, AUsersPublishesCountOverItsConnectionsAndChangesOfStateToo) {
  auto phone = connect_as("ann", {{.match = "chat:*", .allow = PermissionSet::all()}});
  auto laptop = connect_as("ann");
  EXPECT_EQ(phone->ask(chat("1"))["type"], "ack");
  EXPECT_EQ(laptop->ask(chat("2"))["type"], "ack");
  const json set = {
      {"type", "state_set"}, {"channel", "chat:1"}, {"payload", {{"key", "k"}, {"value", 1}}}};
  EXPECT_EQ(phone->ask(set)["type"], "state");
  EXPECT_EQ(name_of(phone->ask(set)), "rate_limited");
  EXPECT_EQ(name_of(laptop->ask(chat("3"))), "rate_limited");
  EXPECT_EQ(refusals(RateScope::user, RateKind::publishes), 2U);
  EXPECT_EQ(connect_as("bob")->ask(chat("4"))["type"], "ack");
}

TEST_F(Rates, ARefusalIsToldWithoutAnIdToo) {
  auto client = connect_as("ann");
  for (int i = 0; i < 4; ++i) client->send(chat("x"));
  const auto messages = client->wire.read();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["type"], "error");
  EXPECT_EQ(name_of(messages[0]), "rate_limited");
  EXPECT_FALSE(messages[0].contains("id"));
  EXPECT_EQ(messages[0]["channel"], "chat:1");
}

TEST_F(Rates, ARefusalOfAnyMessageNamesItsChannel) {
  domain.config.limits.messages_per_second = 1;
  domain.config.limits.messages_burst = 2;
  auto client = connect_as("ann");
  EXPECT_EQ(client->ask(chat("1"))["type"], "ack");
  const json refused = client->ask(chat("2"));
  EXPECT_EQ(name_of(refused), "rate_limited");
  EXPECT_EQ(refused["channel"], "chat:1");
}

TEST_F(Rates, TheApplicationIsNotAskedAboutWhatComesTooOften) {
  hooks = HookCaller(http, domain.mesh,
                     {HookSetup{}, HookSetup{}, HookSetup{.backend = 0, .timeout_ms = 2'000}});
  auto client = connect_as("ann");
  for (int i = 0; i < 5; ++i) client->send(chat("x"));
  ASSERT_EQ(http.calls.size(), 3U);
  for (std::size_t call : {0, 1, 2}) http.answer(call, "{}");
  domain.mesh.run();
  const auto replies = client->wire.read();
  EXPECT_EQ(replies.size(), 2U) << "three were published without an id";
  for (const json& each : replies) EXPECT_EQ(name_of(each), "rate_limited");
}

TEST_F(Rates, ANamespaceCountsTheBytesOfItsPayloads) {
  auto client = connect_as("ann");
  const json large = {
      {"type", "move"}, {"channel", "fast:1"}, {"payload", {{"text", std::string(80, 'x')}}}};
  EXPECT_EQ(client->ask(large)["type"], "ack");
  EXPECT_EQ(name_of(client->ask(large)), "rate_limited");
  EXPECT_EQ(refusals(RateScope::name_space, RateKind::bytes), 1U);
  EXPECT_EQ(client->ask(chat("x"))["type"], "ack") << "other namespaces go on";
}

TEST_F(Rates, PresenceUpdatesHaveALowRateOfTheirOwn) {
  auto client = connect_as("ann");
  client->ask(subscribe("chat:1"));
  const json away = {{"type", "presence_update"},
                     {"channel", "chat:1"},
                     {"payload", {{"info", {{"away", true}}}}}};
  EXPECT_EQ(client->ask(away)["type"], "ack");
  EXPECT_EQ(name_of(client->ask(away)), "rate_limited");
  advance(1'000);
  EXPECT_EQ(client->ask(away)["type"], "ack");
}

TEST_F(Rates, AConnectTooManyOfAUserIsClosed) {
  auto one = connect_as("ann");
  auto two = connect_as("ann");
  auto late = connect();
  const json reply = late->ask({{"type", "auth"}, {"payload", {{"token", token("ann")}}}});
  EXPECT_EQ(name_of(reply), "rate_limited");
  EXPECT_EQ(late->wire.closed, CloseCode::rate_limited);
  advance(1'000);
  EXPECT_NO_THROW(connect_as("ann"));
}

TEST_F(Rates, InfoOfPresenceHasASize) {
  domain.config.limits.presence_info_bytes = 32;
  auto client = connect_as("ann");
  client->ask(subscribe("chat:1"));
  const json reply = client->ask({{"type", "presence_update"},
                                  {"channel", "chat:1"},
                                  {"payload", {{"info", {{"a", std::string(40, 'x')}}}}}});
  EXPECT_EQ(name_of(reply), "limit_exceeded");
  EXPECT_EQ(reply["payload"]["path"], "/payload/info");
}

TEST_F(Rates, WhatAConnectionClaimedEndsWithIt) {
  auto viewer = connect_as("viewer");
  viewer->ask(subscribe("chat:1"));
  auto agent = connect_as("bot");
  const json busy = {{"type", "agent_status_update"},
                     {"channel", "chat:1"},
                     {"payload", {{"isActive", true}, {"progress", 0.5}, {"currentTask", "x"}}}};
  EXPECT_EQ(agent->ask(busy)["type"], "ack");
  viewer->wire.read();
  agent->session->closed(0);
  const auto told = viewer->wire.read();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["payload"]["isActive"], false);
  EXPECT_EQ(told[0]["from"]["userId"], "bot");
}

}  // namespace
}  // namespace tidewire
