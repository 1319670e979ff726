#include "session/resume_fixture.h"

namespace tidewire::resume_test {
namespace {

TEST_F(ResumeTest, BringsChannelsAndMissedMessagesBackInOneWrite) {
  auto client = open("ann", {"chat:1", "chat:2", "chat:3", "chat:4"});
  publish("before");
  (void)client->wire.read();
  lose(client);
  publish("missed 1");
  publish("missed 2");
  publish("other", "chat:4");

  auto next = connect(2);
  next->wire.flushes = 0;
  const auto messages = resume(*next, "ann");
  EXPECT_EQ(next->wire.flushes, 1);
  ASSERT_EQ(messages.size(), 5U);
  EXPECT_EQ(messages[0]["type"], "welcome");
  EXPECT_EQ(messages[0]["payload"]["resumed"], true);
  EXPECT_EQ(messages[0]["payload"]["sessionId"], id);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(messages[i]["type"], "subscribed");
    EXPECT_FALSE(messages[i].contains("id"));
    EXPECT_EQ(messages[i]["payload"]["recovered"], true);
  }
  EXPECT_THAT(texts(*of_channel(messages, "chat:1")), ElementsAre("missed 1", "missed 2"));
  EXPECT_THAT(texts(*of_channel(messages, "chat:4")), ElementsAre("other"));

  publish("live");
  const auto live = next->wire.read();
  ASSERT_EQ(live.size(), 1U);
  EXPECT_EQ(live[0]["payload"]["content"], "live");
  EXPECT_EQ(count(SessionLabel::parked), 1U);
  EXPECT_EQ(count(SessionLabel::resumed), 1U);
}

TEST_F(ResumeTest, AnUnknownSessionBeginsANewOneUnderAnotherId) {
  id = "made-up";
  auto client = connect();
  const auto messages = resume(*client, "ann");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["type"], "welcome");
  EXPECT_EQ(messages[0]["payload"]["resumed"], false);
  EXPECT_NE(messages[0]["payload"]["sessionId"], "made-up");
}

TEST_F(ResumeTest, AnExpiredSessionIsLikeAnUnknownOne) {
  auto client = open("ann", {"chat:1"});
  lose(client);
  world.domain.clock.advance_ms(120'000);
  auto next = connect();
  EXPECT_EQ(resume(*next, "ann")[0]["payload"]["resumed"], false);
  world.session_desk.sweep(world.domain.clock.wall_ms(), *world.domain.metrics[0]);
  EXPECT_EQ(count(SessionLabel::expired), 1U);
}

TEST_F(ResumeTest, AnotherUsersTokenIsRefusedAndCounted) {
  auto client = open("ann", {"chat:1"});
  lose(client);
  auto thief = connect();
  const auto messages = resume(*thief, "bob");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["payload"]["name"], "session_mismatch");
  EXPECT_EQ(messages[0]["payload"]["path"], "/payload/sessionId");
  EXPECT_EQ(thief->wire.closed, CloseCode::unauthorized);
  EXPECT_EQ(count(SessionLabel::refused), 1U);
  auto next = connect();
  EXPECT_EQ(resume(*next, "ann")[0]["payload"]["resumed"], true);
}

TEST_F(ResumeTest, AGoodbyeEndsTheSession) {
  for (const std::uint16_t code : {1000, 1005, 4401, 4403, 4410}) {
    auto client = open("ann", {"chat:1"});
    lose(client, code);
    auto next = connect();
    EXPECT_EQ(resume(*next, "ann")[0]["payload"]["resumed"], false) << code;
    lose(next, 1000);
  }
}

TEST_F(ResumeTest, TheClientsPositionCountsFirst) {
  auto client = open("ann", {"chat:1"});
  publish("one");
  publish("two");
  const auto seen = client->wire.read();
  lose(client);
  auto next = connect();
  const json positions{{"chat:1", {{"epoch", seen[0]["epoch"]}, {"offset", 1}}},
                       {"chat:9", {{"epoch", "e"}, {"offset", 1}}}};
  const auto messages = resume(*next, "ann", {{"positions", positions}});
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_THAT(texts(messages[1]), ElementsAre("two"));
}

TEST_F(ResumeTest, APositionOfAnotherEpochIsNotRecovered) {
  auto client = open("ann", {"chat:1"});
  lose(client);
  auto next = connect();
  const json positions{{"chat:1", {{"epoch", "gone"}, {"offset", 1}}}};
  const auto messages = resume(*next, "ann", {{"positions", positions}});
  EXPECT_EQ(messages[1]["payload"]["recovered"], false);
  EXPECT_EQ(messages[1]["payload"]["wasRecovering"], true);
  EXPECT_THAT(texts(messages[1]), IsEmpty());
}

TEST_F(ResumeTest, ThenWhatTheClientAcknowledged) {
  auto client = open("ann", {"chat:1"});
  for (const char* text : {"one", "two", "three"}) publish(text);
  const auto seen = client->wire.read();
  client->send(json{{"type", "ack"},
                    {"channel", "chat:1"},
                    {"payload", {{"epoch", seen[0]["epoch"]}, {"offset", 2}}}});
  lose(client);
  auto next = connect();
  EXPECT_THAT(texts(resume(*next, "ann")[1]), ElementsAre("three"));
}

TEST_F(ResumeTest, WhatMayNotHaveArrivedComesAgain) {
  auto client = open("ann", {"chat:1"});
  publish("one");
  (void)client->wire.read();
  world.advance(25'000);  // a heartbeat, with everything acknowledged by the client's machine
  publish("two");
  (void)client->wire.read();
  client->wire.acknowledges = false;
  lose(client);
  auto next = connect();
  EXPECT_THAT(texts(resume(*next, "ann")[1]), ElementsAre("two"));

  publish("three");  // is still in the queue when this connection goes
  lose(next);
  auto third = connect();
  EXPECT_THAT(texts(resume(*third, "ann")[1]), ElementsAre("two", "three"));
}

TEST_F(ResumeTest, AnOlderConnectionIsTakenOverOnAnotherShard) {
  auto older = open("ann", {"chat:1", "chat:2"});
  publish("one");
  auto newer = connect(2);
  const auto messages = resume(*newer, "ann");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0]["payload"]["resumed"], true);
  EXPECT_THAT(texts(*of_channel(messages, "chat:1")), ElementsAre("one"));
  EXPECT_EQ(older->wire.closed, CloseCode::replaced);
  lose(older, 4409);  // takes nothing with it
  publish("two");
  EXPECT_EQ(newer->wire.read().size(), 1U);
}

TEST_F(ResumeTest, AnAuthThatComesLateDoesNotTakeTheSessionFromANewerConnection) {
  auto first = open("ann", {"chat:1"});
  lose(first);
  auto overtaken = connect(1);
  world.advance(10);
  auto newer = connect(2);
  ASSERT_EQ(resume(*newer, "ann").front()["payload"]["resumed"], true);
  overtaken->send(
      {{"type", "auth"}, {"payload", {{"token", world.token("ann")}, {"sessionId", id}}}});
  world.domain.mesh.run();
  EXPECT_EQ(overtaken->wire.closed, CloseCode::replaced);
  EXPECT_FALSE(newer->wire.closed);
  publish("one");
  EXPECT_EQ(newer->wire.read().size(), 1U);
}

TEST_F(ResumeTest, OfTwoAtOnceTheLaterHasTheSession) {
  auto older = open("ann", {"chat:1"});
  auto first = connect(1);
  auto second = connect(2);
  const json message{{"type", "auth"},
                     {"payload", {{"token", world.token("ann")}, {"sessionId", id}}}};
  first->send(message);
  second->send(message);
  world.domain.mesh.run();
  EXPECT_EQ(older->wire.closed, CloseCode::replaced);
  EXPECT_EQ(first->wire.closed, CloseCode::replaced);
  EXPECT_FALSE(second->wire.closed);
  EXPECT_EQ(second->wire.read().size(), 2U);
}

TEST_F(ResumeTest, ASessionWhoseNewConnectionGoesWhileItMovesIsParkedAgain) {
  auto older = open("ann", {"chat:1"});
  auto newer = connect(2);
  newer->send(
      json{{"type", "auth"}, {"payload", {{"token", world.token("ann")}, {"sessionId", id}}}});
  lose(newer);
  auto third = connect(1);
  const auto messages = resume(*third, "ann");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["payload"]["resumed"], true);
}

TEST_F(ResumeTest, MessagesBehindTheAuthWaitForTheSession) {
  auto older = open("ann", {"chat:1"});
  auto newer = connect(2);
  newer->send(json::array(
      {{{"type", "auth"}, {"payload", {{"token", world.token("ann")}, {"sessionId", id}}}},
       {{"type", "subscribe"}, {"id", "s1"}, {"channel", "chat:1"}},
       {{"type", "subscribe"}, {"id", "s2"}, {"channel", "chat:5"}}}));
  world.domain.mesh.run();
  const auto messages = newer->wire.read();
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0]["type"], "welcome");
  EXPECT_EQ(messages[1]["channel"], "chat:1");
  const auto answer = [&](const char* reply) {
    return *std::ranges::find_if(messages,
                                 [&](const json& m) { return m.value("id", "") == reply; });
  };
  EXPECT_EQ(answer("s1")["payload"]["name"], "already_subscribed");
  EXPECT_EQ(answer("s2")["type"], "subscribed");
}

TEST_F(ResumeTest, ANumberedPublishIsTakenOnceOverConnections) {
  auto client = open("ann", {"chat:1"});
  json message = SessionWorld::chat("once");
  message["seq"] = 1;
  const json first = client->ask(message);
  ASSERT_EQ(first["type"], "ack");
  lose(client);
  auto next = connect(2);
  (void)resume(*next, "ann");
  const json second = next->ask(message);
  EXPECT_EQ(second["payload"]["duplicate"], true);
  EXPECT_EQ(second["payload"]["offset"], first["payload"]["offset"]);
}

TEST_F(ResumeTest, PermissionsAreCheckedAgain) {
  auto client = connect();
  const std::vector<ChannelRule> rules{{.match = "sealed:*", .allow = {Permission::subscribe}}};
  id = auth(*client, {{"token", world.token("ann", 3'600, rules)}})["payload"]["sessionId"];
  client->ask({{"type", "subscribe"}, {"channel", "sealed:1"}});
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  lose(client);
  auto next = connect();
  const auto messages = resume(*next, "ann");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ((*of_channel(messages, "sealed:1"))["type"], "unsubscribed");
  EXPECT_EQ((*of_channel(messages, "sealed:1"))["payload"]["reason"], "permission_revoked");
  EXPECT_EQ((*of_channel(messages, "chat:1"))["type"], "subscribed");
}

TEST_F(ResumeTest, WhatASubscriptionTokenGrantedEndsWithThatToken) {
  const std::vector<ChannelRule> rules{{.match = "sealed:1", .allow = {Permission::subscribe}}};
  auto client = open("ann", {});
  client->ask({{"type", "subscribe"},
               {"channel", "sealed:1"},
               {"payload", {{"token", world.token("ann", 60, rules)}}}});
  lose(client);
  auto next = connect();
  EXPECT_EQ(resume(*next, "ann")[1]["type"], "subscribed");
  lose(next);
  world.domain.clock.advance_ms(61'000);
  auto third = connect();
  EXPECT_EQ(resume(*third, "ann")[1]["payload"]["reason"], "permission_revoked");
}

TEST_F(ResumeTest, AnAuthInPlaceBringsASessionBackToAnOpenConnection) {
  auto client = open("ann", {"chat:1"});
  lose(client);
  publish("missed");
  const std::string old = id;
  auto next = open("ann", {"chat:2"});
  id = old;
  const auto messages = resume(*next, "ann");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0]["payload"]["resumed"], true);
  EXPECT_EQ(messages[0]["payload"]["sessionId"], old);
  EXPECT_THAT(texts(*of_channel(messages, "chat:1")), ElementsAre("missed"));
  EXPECT_NE(of_channel(messages, "chat:2"), nullptr);
  EXPECT_EQ(world.session_desk.registry().of_user("ann").size(), 1U);
}

TEST_F(ResumeTest, ARefusedAuthInPlaceLeavesTheOldTokenInForce) {
  auto other = open("bob", {});
  const std::string of_bob = id;
  auto client = connect();
  const std::vector<ChannelRule> rules{{.match = "sealed:*", .allow = {Permission::subscribe}}};
  auth(*client, {{"token", world.token("ann", 3'600, rules)}});
  client->ask({{"type", "subscribe"}, {"channel", "sealed:1"}});
  const json refused = auth(*client, {{"token", world.token("ann")}, {"sessionId", of_bob}});
  EXPECT_EQ(refused["payload"]["name"], "session_mismatch");
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "sealed:2"}})["type"], "subscribed");

  const json renewed = auth(*client, {{"token", world.token("ann")}, {"sessionId", "unknown"}});
  EXPECT_EQ(renewed["payload"]["resumed"], false);
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "sealed:3"}})["payload"]["name"],
            "permission_denied");
}

TEST_F(ResumeTest, ATokenOfTheUpgradeGoesOnWithTheSessionItNames) {
  auto client = open("ann", {"chat:1"});
  lose(client);
  SessionStart start{.session_id = id};
  start.info.connection_id = ShortId("upgraded");
  start.claims = *(*SessionWorld::make_authenticator())
                      .authenticate(world.token("ann"), world.domain.clock.wall_ms());
  auto next = world.connect_with(std::move(start));
  world.domain.mesh.run();
  const auto messages = next->wire.read();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["payload"]["resumed"], true);
}

TEST_F(ResumeTest, MoreThanAWriteHoldsIsPouredInParts) {
  world.domain.config.limits.queue_bytes = 2'000;
  std::vector<std::string> channels;
  for (int i = 0; i < 12; ++i) channels.push_back("chat:" + std::to_string(i));
  auto client = open("ann", channels);
  lose(client);
  for (const std::string& channel : channels) publish(std::string(500, 'x'), channel);
  auto next = connect();
  auto messages = resume(*next, "ann");
  EXPECT_LT(messages.size(), 13U);
  while (messages.size() < 13U) {
    next->session->on_sent(1);
    world.domain.mesh.run();
    const auto more = next->wire.read();
    ASSERT_FALSE(more.empty());
    messages.insert(messages.end(), more.begin(), more.end());
  }
  EXPECT_FALSE(next->wire.closed);
  EXPECT_EQ(count(SessionLabel::resumed), 1U);
}

}  // namespace
}  // namespace tidewire::resume_test
