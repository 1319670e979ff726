#include "session/resume_fixture.h"

namespace tidewire::resume_test {
namespace {

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
}  // namespace tidewire::resume_test
