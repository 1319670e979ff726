#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/memory_session_store.h"
#include "session/session_fixture.h"

namespace tidewire {
namespace {

using Client = SessionWorld::Client;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// People with sessions, on three shards.
class ResumeTest : public ::testing::Test {
 protected:
  std::unique_ptr<Client> connect(ShardIndex shard = 0) { return world.connect({}, shard); }

  json auth(Client& client, const json& payload) {
    return client.ask({{"type", "auth"}, {"payload", payload}});
  }
  /// A client of `user` in a session of its own, subscribed to `channels`.
  std::unique_ptr<Client> open(std::string_view user, std::vector<std::string> channels,
                               ShardIndex shard = 0) {
    auto client = connect(shard);
    id = auth(*client, {{"token", world.token(user)}})["payload"]["sessionId"];
    for (const std::string& channel : channels)
      EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", channel}})["type"], "subscribed");
    return client;
  }
  /// Everything that a resume brings, `welcome` first.
  std::vector<json> resume(Client& client, std::string_view user, json extra = json::object()) {
    extra["token"] = world.token(user);
    extra["sessionId"] = id;
    client.send(json{{"type", "auth"}, {"id", "r"}, {"payload", extra}});
    world.domain.mesh.run();
    return client.wire.read();
  }
  void publish(std::string_view text, std::string_view channel = "chat:1") {
    if (!publisher) publisher = open_publisher();
    publisher->send(SessionWorld::chat(text, channel));
    world.domain.mesh.run();
  }
  std::unique_ptr<Client> open_publisher() {
    auto client = connect(1);
    auth(*client, {{"token", world.token("pub")}});
    return client;
  }
  void lose(std::unique_ptr<Client>& client, std::uint16_t code = 0) {
    client->session->closed(code);
    client.reset();
    world.domain.mesh.run();
  }
  std::uint64_t count(SessionLabel label) {
    std::uint64_t sum = 0;
    for (const auto& metrics : world.domain.metrics) sum += metrics->sessions[label].value();
    return sum;
  }
  static std::vector<std::string> texts(const json& subscribed) {
    std::vector<std::string> list;
    for (const json& each : subscribed["payload"]["publications"])
      list.push_back(each["payload"]["content"]);
    return list;
  }
  static const json* of_channel(const std::vector<json>& messages, std::string_view channel) {
    const auto found = std::ranges::find_if(
        messages, [&](const json& each) { return each.value("channel", "") == channel; });
    return found == messages.end() ? nullptr : &*found;
  }

  SessionWorld world{3};
  std::string id;
  std::unique_ptr<Client> publisher;
};

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

TEST_F(ResumeTest, ParkedSessionsOutliveTheProcessInAStore) {
  MemorySessionStore store;
  std::string epoch;
  {
    SessionWorld before(2, test_config(), &store);
    auto client = before.connect_as("ann");
    id = client->session->session_id();
    client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
    client->session->closed(4012);
    before.domain.mesh.run();
  }
  SessionWorld after(2, test_config(), &store);
  after.reopen(store);
  const auto ask = [&](Client& client, std::string_view user) {
    return client.ask(
        {{"type", "auth"}, {"payload", {{"token", after.token(user)}, {"sessionId", id}}}});
  };
  auto thief = after.connect();
  EXPECT_EQ(ask(*thief, "bob")["payload"]["name"], "session_mismatch");
  auto next = after.connect();
  EXPECT_EQ(ask(*next, "ann")["payload"]["resumed"], true);
  EXPECT_EQ(next->session->subscriptions(), 1U);
  auto again = after.connect();
  EXPECT_EQ(ask(*again, "ann")["payload"]["resumed"], true);  // from the connection, not the store
  EXPECT_TRUE(next->wire.closed);
}

TEST_F(ResumeTest, AnOpenSessionIsSoonInTheStoreAndOutlivesAKill) {
  MemorySessionStore store;
  MemorySessionStore left;  // as the process was killed
  SessionWorld before(2, test_config(), &store);
  auto client = before.connect_as("ann");
  id = client->session->session_id();
  before.advance(1'000);
  EXPECT_EQ(store.size(), 0U) << "it has nothing yet that would be missed";
  json numbered = SessionWorld::chat("once");
  numbered["seq"] = 1;
  EXPECT_EQ(client->ask(numbered)["type"], "ack");
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  client->ask({{"type", "subscribe"}, {"channel", "chat:2"}});
  client->ask({{"type", "unsubscribe"}, {"channel", "chat:2"}});
  before.advance(1'000);
  store.get(id, before.domain.clock.wall_ms(),
            [&](std::expected<std::optional<SessionRecord>, Error> found) {
              ASSERT_TRUE(found && *found);
              EXPECT_EQ((*found)->expires_at, kWhileConnected);
              left.put(**found, [](const auto&) {});
            });
  client->session->closed(1000);
  EXPECT_EQ(store.size(), 0U) << "it has said goodbye";

  SessionWorld after(2, test_config(), &left);
  after.reopen(left);
  auto next = after.connect();
  const json welcome = next->ask(
      {{"type", "auth"}, {"payload", {{"token", after.token("ann")}, {"sessionId", id}}}});
  EXPECT_EQ(welcome["payload"]["resumed"], true);
  EXPECT_EQ(welcome["payload"]["restored"], json::array({"chat:1"}));
  EXPECT_EQ(next->ask(numbered)["payload"]["duplicate"], true);
}

TEST_F(ResumeTest, APositionThatMayNotHaveArrivedIsNotWritten) {
  MemorySessionStore store;
  SessionWorld before(1, test_config(), &store);
  auto client = before.connect_as("ann");
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  for (int i = 0; i < 3; ++i) client->send(SessionWorld::chat("doubtful"));
  client->ask({{"type", "subscribe"}, {"channel", "chat:2"}});
  before.advance(1'000);
  store.get(client->session->session_id(), 0,
            [&](std::expected<std::optional<SessionRecord>, Error> found) {
              ASSERT_TRUE(found && *found);
              const auto parked = parked_session_from_json((*found)->body);
              const auto channel =
                  std::ranges::find(parked->channels, "chat:1", &ParkedChannel::channel);
              ASSERT_NE(channel, parked->channels.end());
              EXPECT_EQ(channel->position.offset, 0U);
            });
}

/// A store of which a test says when it reads and whether it can write and erase.
class WilfulStore final : public SessionStore {
 public:
  void put(SessionRecord record, Done done) override {
    if (!works) return done(fail(ErrorCode::unavailable, "the disk is full"));
    rows.put(std::move(record), std::move(done));
  }
  void get(std::string id, WallMillis now, Found found) override {
    reads.emplace_back([this, id = std::move(id), now, found = std::move(found)]() mutable {
      rows.get(std::move(id), now, std::move(found));
    });
  }
  void erase(std::string id, Done done) override {
    if (!erases) return done(fail(ErrorCode::unavailable, "the disk is full"));
    rows.erase(std::move(id), std::move(done));
  }
  void expire(WallMillis now) override { rows.expire(now); }
  void read() {
    for (Task& each : std::exchange(reads, {})) each();
  }

  MemorySessionStore rows;
  std::vector<Task> reads;
  bool works = true;  // takes what is put
  bool erases = true;
};

TEST_F(ResumeTest, ClaimsOfASessionThatIsBeingReadWaitForIt) {
  WilfulStore store;
  store.put({.id = "s",
             .user_id = "ann",
             .body = to_json({.id = "s", .user_id = "ann"}),
             .expires_at = kWhileConnected},
            [](const auto&) {});
  SessionWorld slow(2, test_config(), &store);
  slow.reopen(store.rows);
  auto thief = slow.connect({}, 0);
  auto first = slow.connect({}, 1);
  auto second = slow.connect({}, 0);
  const auto claim = [&](Client& client, std::string_view user) {
    client.send({{"type", "auth"},
                 {"id", "ask"},
                 {"payload", {{"token", slow.token(user)}, {"sessionId", "s"}}}});
    slow.domain.mesh.run();  // comes to an end: nobody asks again and again
  };
  claim(*thief, "bob");
  EXPECT_EQ(thief->wire.read().at(0)["payload"]["name"], "session_mismatch");
  claim(*first, "ann");
  claim(*second, "ann");
  EXPECT_EQ(store.reads.size(), 1U);
  store.read();
  slow.domain.mesh.run();
  EXPECT_EQ(first->wire.read().at(0)["payload"]["resumed"], true);
  EXPECT_EQ(second->wire.read().at(0)["payload"]["resumed"], true);
  EXPECT_NE(first->wire.closed.has_value(), second->wire.closed.has_value());
}

TEST_F(ResumeTest, ASessionThatHasEndedDoesNotComeBackWhenTheStoreCannotErase) {
  WilfulStore store;
  SessionWorld full(1, test_config(), &store);
  auto client = full.connect_as("ann");
  id = client->session->session_id();
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  full.advance(1'000);
  ASSERT_EQ(store.rows.size(), 1U);
  store.erases = false;
  client->session->closed(1000);
  ASSERT_EQ(store.rows.size(), 1U);
  const json auth{{"type", "auth"}, {"payload", {{"token", full.token("ann")}, {"sessionId", id}}}};
  EXPECT_EQ(full.connect()->ask(auth)["payload"]["resumed"], false);
  store.erases = true;
  full.session_desk.sweep(full.domain.clock.wall_ms(), *full.domain.metrics[0]);
  EXPECT_EQ(store.rows.size(), 0U);
}

TEST_F(ResumeTest, ManySessionsAreWrittenLittleByLittle) {
  /// Answers nothing by itself.
  class SlowStore final : public SessionStore {
   public:
    void put(SessionRecord record, Done done) override {
      bytes += record.body.size();
      ++puts;
      waiting.push_back(std::move(done));
    }
    void get(std::string /*id*/, WallMillis /*now*/, Found found) override { found(std::nullopt); }
    void erase(std::string /*id*/, Done done) override { done({}); }
    void expire(WallMillis /*now*/) override {}
    void answer() {
      for (Done& each : std::exchange(waiting, {})) each({});
    }
    std::size_t puts = 0;
    std::size_t bytes = 0;
    std::vector<Done> waiting;
  };
  SlowStore store;
  SessionWorld crowded(1, test_config(), &store);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 400; ++i) {
    clients.push_back(crowded.connect_as("u" + std::to_string(i)));
    clients.back()->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  }
  crowded.advance(SessionJournal::kPaceMs + 100);
  const std::size_t first = store.puts;
  EXPECT_GT(first, 0U);
  EXPECT_LT(store.bytes, 2 * SessionJournal::kBytesPerTurn);
  crowded.advance(2'000);
  EXPECT_EQ(store.puts, first) << "the store has not answered";
  while (store.puts < 400U) {
    const std::size_t before = store.puts;
    store.answer();
    crowded.advance(SessionJournal::kPaceMs + 100);
    ASSERT_GT(store.puts, before);
  }
  EXPECT_EQ(crowded.journals[0]->waiting(), 0U);
}

/// What is sent to sessions and users.
class SendTest : public ResumeTest {
 protected:
  SessionDesk::Tally send(std::vector<std::string> sessions, std::string type, bool keep = true,
                          std::string payload = "{}") {
    SessionDesk::Tally result;
    world.session_desk.send(0, std::move(sessions),
                            {.type = std::move(type),
                             .payload = std::move(payload),
                             .key = "k",
                             .ts = world.domain.clock.wall_ms()},
                            keep, [&](SessionDesk::Tally tally) { result = tally; });
    world.domain.mesh.run();
    return result;
  }
};

TEST_F(SendTest, AnEventReachesASessionOnAnyShard) {
  auto client = open("ann", {}, 2);
  const auto tally = send({id}, "note");
  EXPECT_EQ(tally.reached, 1U);
  const auto messages = client->wire.read();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["type"], "note");
  EXPECT_FALSE(messages[0].contains("channel"));
  EXPECT_EQ(send({"nobody"}, "note").known, 0U);
}

TEST_F(SendTest, AnEventWaitsForAParkedSession) {
  auto client = open("ann", {"chat:1"});
  lose(client);
  EXPECT_EQ(send({id}, "fleeting", false).queued, 0U);
  EXPECT_EQ(send({id}, "note").queued, 1U);
  auto next = connect();
  const auto messages = resume(*next, "ann");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[2]["type"], "note");
  EXPECT_EQ(messages[2]["key"], "k");
}

TEST_F(SendTest, AnEventDuringAResumeFollowsThoseThatWaited) {
  auto client = open("ann", {"chat:1", "chat:2", "chat:3"});
  lose(client);
  EXPECT_EQ(send({id}, "first").queued, 1U);
  auto next = connect();
  next->send(json{{"type", "auth"},
                  {"id", "r"},
                  {"payload", {{"token", world.token("ann")}, {"sessionId", id}}}});
  EXPECT_EQ(send({id}, "second").queued, 1U) << "the channels are still on their way";
  EXPECT_EQ(send({id}, "third").reached, 1U);
  std::vector<std::string> notes;
  for (const json& each : next->wire.read())
    if (!each.contains("channel") && each["type"] != "welcome") notes.push_back(each["type"]);
  EXPECT_THAT(notes, ElementsAre("first", "second", "third"));
}

TEST_F(SendTest, AnEventThatMayNotHaveArrivedComesAgain) {
  auto client = open("ann", {});
  send({id}, "note");
  client->wire.acknowledges = false;
  lose(client);
  auto next = connect();
  EXPECT_EQ(resume(*next, "ann").size(), 2U);
  world.advance(25'000);  // the heartbeat finds it arrived
  (void)next->wire.read();
  world.advance(25'000);
  next->wire.acknowledges = false;
  lose(next);
  auto third = connect();
  EXPECT_EQ(resume(*third, "ann").size(), 1U);
}

TEST_F(SendTest, ASessionThatEndsWithItsConnectionIsNotThereAnyMore) {
  for (const ShardIndex shard : {ShardIndex{0}, ShardIndex{2}}) {
    auto client = open("ann", {}, shard);
    client->session->close(CloseCode::disconnected, "an operator ended it");
    EXPECT_EQ(send({id}, "note").known, 0U);
    lose(client, std::to_underlying(CloseCode::disconnected));
  }
  auto away = open("ann", {});
  lose(away);
  world.domain.clock.advance_ms(120'000);
  EXPECT_EQ(send({id}, "note").known, 0U) << "its time is over, swept or not";
}

TEST_F(SendTest, AnEventForAConnectionThatIsClosingWaitsForTheNextOne) {
  for (const ShardIndex shard : {ShardIndex{0}, ShardIndex{2}}) {
    auto client = open("ann", {}, shard);
    client->session->close(CloseCode::server_restart, "restart");
    const auto tally = send({id}, "note");
    EXPECT_EQ(tally.reached, 0U);
    EXPECT_EQ(tally.queued, 1U);
    const auto fleeting = send({id}, "fleeting", false);
    EXPECT_EQ(fleeting.known, 1U);
    EXPECT_EQ(fleeting.reached + fleeting.queued, 0U);
    lose(client, std::to_underlying(CloseCode::server_restart));
    auto next = connect();
    const auto messages = resume(*next, "ann");
    ASSERT_EQ(messages.size(), 2U) << "although all that was written has arrived";
    EXPECT_EQ(messages[1]["type"], "note");
    lose(next);
  }
}

TEST_F(SendTest, AnEventThatAParkedSessionHasNoRoomForIsToldAsSuch) {
  auto client = open("ann", {});
  lose(client);
  const std::string large = R"({"text":")" + std::string(200 * 1024, 'x') + R"("})";
  EXPECT_EQ(send({id}, "note", true, large).queued, 1U);
  const auto tally = send({id}, "note", true, large);
  EXPECT_EQ(tally.known, 1U);
  EXPECT_EQ(tally.queued, 0U);
  ASSERT_TRUE(tally.refused);
  EXPECT_EQ(tally.refused->code, ErrorCode::limit_exceeded);
}

TEST_F(SendTest, EventsThatAreTooMuchToKeepCostTheOldestOfThemNotTheSession) {
  auto client = open("ann", {"chat:1"});
  const std::string large = R"({"text":")" + std::string(200 * 1024, 'x') + R"("})";
  EXPECT_EQ(send({id}, "first", true, large).reached, 1U);
  EXPECT_EQ(send({id}, "second", true, large).reached, 1U);
  client->wire.acknowledges = false;
  lose(client);
  auto next = connect();
  const auto messages = resume(*next, "ann");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0]["payload"]["resumed"], true);
  EXPECT_EQ(messages[2]["type"], "second");
}

TEST_F(SendTest, EverySessionOfAUserIsReached) {
  auto first = open("ann", {}, 0);
  auto second = open("ann", {}, 1);
  lose(second);
  const auto tally = send(world.session_desk.registry().of_user("ann"), "note");
  EXPECT_EQ(tally.known, 2U);
  EXPECT_EQ(tally.reached, 1U);
  EXPECT_EQ(tally.queued, 1U);
}

/// Sessions that the last process has left in a store, and that nobody has claimed yet.
class SendStoredTest : public ::testing::Test {
 protected:
  void leave(const std::string& id, const std::string& user = "ann") {
    ParkedSession session{.id = id, .user_id = user, .channels = {{.channel = "chat:1"}}};
    store.put({.id = id, .user_id = user, .body = to_json(session), .expires_at = kWhileConnected},
              [](const auto&) {});
  }
  void start() { world.reopen(store.rows); }
  /// What came of it, when the store has read all that it was asked for.
  SessionDesk::Tally send(std::vector<std::string> sessions, const std::string& type,
                          bool keep = true, std::string payload = "{}") {
    SessionDesk::Tally result;
    begin_to_send(std::move(sessions), type, keep, std::move(payload), result);
    while (!store.reads.empty()) {
      store.read();
      world.domain.mesh.run();
    }
    return result;
  }
  void begin_to_send(std::vector<std::string> sessions, const std::string& type, bool keep,
                     std::string payload, SessionDesk::Tally& result, ShardIndex shard = 1) {
    world.session_desk.send(shard, std::move(sessions),
                            {.type = type,
                             .payload = std::move(payload),
                             .key = "k",
                             .ts = world.domain.clock.wall_ms()},
                            keep, [&result](SessionDesk::Tally tally) { result = tally; });
    world.domain.mesh.run();
  }
  void claim(Client& by, const std::string& id) {
    by.send({{"type", "auth"},
             {"id", "ask"},
             {"payload", {{"token", world.token("ann")}, {"sessionId", id}}}});
    world.domain.mesh.run();
  }
  /// The types of what comes after `welcome` to who goes on with the session.
  std::vector<std::string> resume(const std::string& id, std::size_t shard = 0) {
    client = world.connect({}, static_cast<ShardIndex>(shard));
    claim(*client, id);
    store.read();
    world.domain.mesh.run();
    return types(*client);
  }
  static std::vector<std::string> types(Client& of) {
    std::vector<std::string> all;
    for (const json& each : of.wire.read()) all.push_back(each["type"]);
    return all;
  }

  WilfulStore store;
  SessionWorld world{3, test_config(), &store};
  std::unique_ptr<Client> client;
};

TEST_F(SendStoredTest, WhatIsSentBeforeTheResumeComesWithIt) {
  leave("s");
  leave("t");
  start();
  EXPECT_EQ(send({"s"}, "fleeting", false).known, 1U);
  EXPECT_EQ(send({"s"}, "first").queued, 1U);
  EXPECT_EQ(send({"s"}, "second").queued, 1U);
  const auto tally = send(world.session_desk.registry().of_user("ann"), "all");
  EXPECT_EQ(tally.known, 2U);
  EXPECT_EQ(tally.queued, 2U);
  EXPECT_EQ(tally.reached, 0U);
  EXPECT_THAT(resume("s"), ElementsAre("welcome", "subscribed", "first", "second", "all"));
  EXPECT_EQ(send({"s"}, "live").reached, 1U);
}

TEST_F(SendStoredTest, ItIsInTheStoreWhenItIsAnswered) {
  leave("s");
  start();
  EXPECT_EQ(send({"s"}, "kept").queued, 1U);
  SessionWorld next{1, test_config(), &store};
  next.reopen(store.rows);
  auto back = next.connect();
  back->send({{"type", "auth"},
              {"id", "ask"},
              {"payload", {{"token", next.token("ann")}, {"sessionId", "s"}}}});
  next.domain.mesh.run();
  store.read();
  next.domain.mesh.run();
  EXPECT_THAT(types(*back), ElementsAre("welcome", "subscribed", "kept"));
}

TEST_F(SendStoredTest, TheLimitsAreThoseOfAParkedSession) {
  leave("s");
  start();
  for (const char* type : {"e1", "e2", "e3", "e4"}) EXPECT_EQ(send({"s"}, type).queued, 1U);
  const auto tally =
      send({"s"}, "large", true, R"({"text":")" + std::string(300 * 1024, 'x') + R"("})");
  EXPECT_EQ(tally.queued, 0U);
  ASSERT_TRUE(tally.refused);
  EXPECT_EQ(tally.refused->code, ErrorCode::limit_exceeded);
  EXPECT_THAT(resume("s"), ElementsAre("welcome", "subscribed", "e2", "e3", "e4"));
}

TEST_F(SendStoredTest, AResumeWaitsForTheEventAndTheNextEventForTheResume) {
  leave("s");
  start();
  SessionDesk::Tally first;
  SessionDesk::Tally second;
  begin_to_send({"s"}, "first", true, "{}", first);
  client = world.connect({}, 2);
  claim(*client, "s");
  EXPECT_EQ(store.reads.size(), 1U);
  store.read();
  world.domain.mesh.run();
  EXPECT_EQ(first.queued, 1U);
  begin_to_send({"s"}, "second", true, "{}", second, 0);
  EXPECT_TRUE(client->wire.read().empty());
  store.read();
  world.domain.mesh.run();
  EXPECT_EQ(second.known, 1U);
  EXPECT_EQ(second.reached + second.queued, 1U);
  EXPECT_THAT(types(*client), ElementsAre("welcome", "subscribed", "first", "second"));
}

TEST_F(SendStoredTest, NothingIsPromisedThatTheStoreHasNotTaken) {
  leave("s");
  start();
  store.works = false;
  const auto tally = send({"s"}, "lost");
  EXPECT_EQ(tally.known, 1U);
  EXPECT_EQ(tally.queued, 0U);
  ASSERT_TRUE(tally.refused);
  EXPECT_EQ(tally.refused->code, ErrorCode::unavailable);
  store.works = true;
  EXPECT_EQ(send({"s"}, "kept").queued, 1U);
  EXPECT_THAT(resume("s"), ElementsAre("welcome", "subscribed", "kept"));
}

TEST_F(SendStoredTest, ItsTimeIsCountedFromTheStart) {
  leave("s");
  start();
  world.domain.clock.advance_ms(119'999);
  EXPECT_EQ(send({"s"}, "note").queued, 1U);
  world.domain.clock.advance_ms(1);
  EXPECT_EQ(send({"s"}, "note").known, 0U);
  world.session_desk.sweep(world.domain.clock.wall_ms(), *world.domain.metrics[0]);
  EXPECT_EQ(world.domain.metrics[0]->sessions[SessionLabel::expired].value(), 1U);
  EXPECT_TRUE(world.session_desk.registry().list("", 10).empty());
  EXPECT_EQ(store.rows.size(), 0U);
}

}  // namespace
}  // namespace tidewire
