#include "session/session.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

class SessionTest : public ::testing::Test, protected SessionWorld {};

TEST_F(SessionTest, WelcomesAValidTokenAndAnswersWithTheId) {
  auto client = connect();
  const json welcome =
      client->ask({{"type", "auth"}, {"payload", {{"token", token("ann")}, {"client", "app/2"}}}});
  EXPECT_EQ(welcome["type"], "welcome");
  EXPECT_EQ(welcome["payload"]["userId"], "ann");
  EXPECT_EQ(welcome["payload"]["resumed"], false);
  EXPECT_EQ(welcome["payload"]["limits"]["messageBytes"], 65'536);
  EXPECT_EQ(client->session->info().client, "app/2");
}

TEST_F(SessionTest, AcceptsOnlyAuthAndHeartbeatsBeforeAuth) {
  auto client = connect();
  EXPECT_EQ(client->ask(chat("hi"))["payload"]["name"], "unauthorized");
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "chat:1"}})["payload"]["name"],
            "unauthorized");
  EXPECT_EQ(
      client->ask({{"type", "connection_heartbeat"}, {"payload", {{"timestamp", 5}}}})["type"],
      "connection_heartbeat");
  EXPECT_FALSE(client->wire.closed);
}

TEST_F(SessionTest, ClosesWhoeverDoesNotAuthenticateInTime) {
  auto client = connect();
  advance(4'980);
  EXPECT_FALSE(client->wire.closed);
  advance(40);
  EXPECT_EQ(client->wire.closed, CloseCode::auth_timeout);
}

TEST_F(SessionTest, TellsWhyATokenIsRefusedAndCloses) {
  auto client = connect();
  const json error =
      client->ask({{"type", "auth"}, {"payload", {{"token", token("ann", -3'600)}}}});
  EXPECT_EQ(error["payload"]["name"], "token_expired");
  EXPECT_EQ(error["payload"]["path"], "/payload/token");
  EXPECT_EQ(client->wire.closed, CloseCode::unauthorized);
}

TEST_F(SessionTest, BindsATokenToItsSession) {
  auto client = connect();
  const std::string bound = token("ann", 3'600, {}, "s1");
  EXPECT_EQ(client->ask({{"type", "auth"},
                         {"payload", {{"token", bound}, {"sessionId", "s2"}}}})["payload"]["name"],
            "session_mismatch");
  auto other = connect();
  EXPECT_EQ(
      other->ask({{"type", "auth"},
                  {"payload", {{"token", bound}, {"sessionId", "s1"}}}})["payload"]["sessionId"],
      "s1");
}

TEST_F(SessionTest, RefreshesATokenInPlaceForTheSameUserOnly) {
  auto client = connect_as("ann");
  EXPECT_EQ(
      client->ask({{"type", "auth"}, {"payload", {{"token", token("eve")}}}})["payload"]["name"],
      "session_mismatch");
  EXPECT_EQ(client->ask({{"type", "auth"}, {"payload", {{"token", "rubbish"}}}})["payload"]["name"],
            "token_invalid");
  EXPECT_FALSE(client->wire.closed) << "the old token still counts";
  EXPECT_EQ(client->ask({{"type", "auth"}, {"payload", {{"token", token("ann", 7'200)}}}})["type"],
            "welcome");
}

TEST_F(SessionTest, EndsWhenTheTokenAndTheGraceAreOver) {
  auto client = connect();
  client->ask({{"type", "auth"}, {"payload", {{"token", token("ann", 60)}}}});
  for (int second = 0; second < 84; ++second) {
    advance(1'000);
    client->session->on_activity(1);
  }
  EXPECT_FALSE(client->wire.closed);
  advance(1'100);
  EXPECT_EQ(client->wire.closed, CloseCode::unauthorized);
}

TEST_F(SessionTest, RevokesChannelsThatARefreshedTokenNoLongerAllows) {
  const ChannelRule rule{.match = "sealed:1", .allow = {Permission::subscribe}};
  auto client = connect_as("ann", {rule});
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "sealed:1"}})["type"], "subscribed");
  client->send(json{{"type", "auth"}, {"payload", {{"token", token("ann")}}}});
  const auto messages = client->wire.read();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1]["type"], "unsubscribed");
  EXPECT_EQ(messages[1]["payload"]["reason"], "permission_revoked");
}

TEST_F(SessionTest, SubscribesToTheChannelOfTheUrlWithoutAnId) {
  auto client = connect("chat:7");
  client->send(json{{"type", "auth"}, {"id", "a"}, {"payload", {{"token", token("ann")}}}});
  const auto messages = client->wire.read();
  ASSERT_GE(messages.size(), 2U);
  EXPECT_EQ(messages[0]["type"], "welcome");
  EXPECT_EQ(messages[1]["type"], "subscribed");
  EXPECT_EQ(messages[1]["channel"], "chat:7");
  EXPECT_FALSE(messages[1].contains("id"));
}

TEST_F(SessionTest, ClosesWhenTheChannelOfTheUrlIsNotPermitted) {
  auto client = connect("sealed:7");
  client->send(json{{"type", "auth"}, {"payload", {{"token", token("ann")}}}});
  EXPECT_EQ(client->wire.closed, CloseCode::forbidden);
}

TEST_F(SessionTest, DeliversToThePublisherUnlessItSaysNoEcho) {
  auto ann = connect_as("ann");
  ann->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  ann->send(chat("one"));
  json silent = chat("two");
  silent["echo"] = false;
  ann->send(silent);
  ann->send(chat("three"));
  const auto messages = ann->wire.read();
  ASSERT_EQ(messages.size(), 2U) << "without an id there is no ack";
  EXPECT_EQ(messages[0]["payload"]["content"], "one");
  EXPECT_EQ(messages[1]["payload"]["content"], "three");
  EXPECT_EQ(messages[1]["offset"], 3);
  EXPECT_EQ(messages[1]["from"]["userId"], "ann");
}

TEST_F(SessionTest, RefusesWhatThePermissionsDoNotAllow) {
  auto client = connect_as("ann", {{.match = "sealed:read", .allow = {Permission::subscribe}}});
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "sealed:1"}})["payload"]["code"], 1201);
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "sealed:read"}})["type"], "subscribed");
  EXPECT_EQ(client->ask(chat("x", "sealed:read"))["payload"]["name"], "permission_denied");
  EXPECT_EQ(client->ask({{"type", "history"},
                         {"channel", "sealed:read"},
                         {"payload", {{"limit", 1}}}})["payload"]["name"],
            "permission_denied");
}

TEST_F(SessionTest, LetsAUserListenToItsOwnChannelOnly) {
  auto client = connect_as("ann");
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "user:ann"}})["type"], "subscribed");
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "user:bob"}})["payload"]["name"],
            "permission_denied");
}

TEST_F(SessionTest, RefusesAForgedTypist) {
  auto client = connect_as("ann");
  const json typing{{"type", "user_typing"},
                    {"channel", "chat:1"},
                    {"payload", {{"userId", "bob"}, {"sessionId", "s"}}}};
  const json error = client->ask(typing);
  EXPECT_EQ(error["payload"]["name"], "forged_sender");
  EXPECT_EQ(error["payload"]["path"], "/payload/userId");
}

TEST_F(SessionTest, HoldsTheNumberOfChannels) {
  domain.config.limits.channels_per_connection = 2;
  auto client = connect_as("ann");
  for (const char* channel : {"chat:1", "chat:2"})
    EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", channel}})["type"], "subscribed");
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "chat:2"}})["payload"]["name"],
            "already_subscribed");
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "chat:3"}})["payload"]["name"],
            "limit_exceeded");
  EXPECT_EQ(client->ask({{"type", "unsubscribe"}, {"channel", "chat:1"}})["type"], "unsubscribed");
  EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", "chat:3"}})["type"], "subscribed");
}

TEST_F(SessionTest, ClosesAfterTenBadMessagesInARowOnly) {
  auto client = connect_as("ann");
  for (int i = 0; i < 9; ++i) client->send(std::string_view("{"));
  client->ask({{"type", "presence"}, {"channel", "chat:1"}});
  for (int i = 0; i < 9; ++i) client->send(std::string_view(R"({"type":1})"));
  EXPECT_FALSE(client->wire.closed);
  client->send(std::string_view("[1]"));
  EXPECT_EQ(client->wire.closed, CloseCode::bad_request);
}

TEST_F(SessionTest, LimitsTheRateOfMessages) {
  domain.config.limits.messages_per_second = 10;
  domain.config.limits.messages_burst = 3;
  auto client = connect_as("ann");
  EXPECT_EQ(client->ask(chat("1"))["type"], "ack");
  EXPECT_EQ(client->ask(chat("2"))["type"], "ack");
  const json refused = client->ask(chat("3"));
  EXPECT_EQ(refused["payload"]["name"], "rate_limited");
  EXPECT_GT(refused["payload"]["retryAfterMs"], 0);
  advance(200);
  EXPECT_EQ(client->ask(chat("4"))["type"], "ack");
}

TEST_F(SessionTest, BeatsAndClosesWhenNothingIsHeard) {
  auto client = connect_as("ann");
  advance(25'020);
  ASSERT_EQ(client->wire.read().back()["type"], "connection_heartbeat");
  advance(9'900);
  EXPECT_FALSE(client->wire.closed);
  client->session->on_activity(1);
  advance(20'000);
  EXPECT_FALSE(client->wire.closed) << "any byte is a sign of life";
  advance(16'000);
  EXPECT_EQ(client->wire.closed, CloseCode::heartbeat_timeout);
}

TEST_F(SessionTest, RefusesBinaryMessagesOnTheJsonForm) {
  auto client = connect_as("ann");
  client->session->on_message(true, "x");
  EXPECT_EQ(client->wire.closed, CloseCode::unsupported_data);
}

TEST_F(SessionTest, GivesUpOnAReaderThatIsTooSlow) {
  auto slow = connect_as("slow");
  slow->wire.use(*slow->session, {.queued_bytes_max = 4'000, .queued_frames_max = 100});
  slow->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  auto ann = connect_as("ann");
  for (int i = 0; i < 50; ++i) ann->send(chat("message " + std::to_string(i)));
  EXPECT_EQ(slow->wire.closed, CloseCode::slow_consumer);
  EXPECT_EQ(ann->ask(chat("still here"))["type"], "ack");
}

TEST_F(SessionTest, ReplacesTheOldestConnectionOfAUserPastTheLimit) {
  auto first = connect_as("ann");
  auto second = connect_as("ann");
  auto third = connect_as("ann");
  domain.mesh.run();
  EXPECT_EQ(first->wire.closed, CloseCode::replaced);
  EXPECT_FALSE(second->wire.closed);
  EXPECT_FALSE(third->wire.closed);
}

TEST_F(SessionTest, SendsBatchesToAClientThatAskedForThem) {
  auto client = connect();
  client->ask({{"type", "auth"}, {"payload", {{"token", token("ann")}, {"batch", true}}}});
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  client->wire.batches = 0;
  client->send(json::array({chat("a"), chat("b"), chat("c")}));
  EXPECT_EQ(client->wire.read().size(), 3U);
  EXPECT_EQ(client->wire.batches, 1);
}

TEST_F(SessionTest, WaitsForTheWindowOfItsNamespace) {
  auto client = connect_as("ann");
  client->ask({{"type", "subscribe"}, {"channel", "fast:1"}});
  client->send(json{{"type", "tick"}, {"channel", "fast:1"}, {"payload", json::object()}});
  EXPECT_EQ(client->wire.window, 40);
  client->ask(chat("now"));
  EXPECT_EQ(client->wire.window, 0);
}

TEST_F(SessionTest, AnswersUnknownTypesWithoutAChannel) {
  auto client = connect_as("ann");
  EXPECT_EQ(client->ask({{"type", "no_such_thing"}})["payload"]["name"], "unknown_type");
  EXPECT_EQ(client->ask({{"type", "welcome"}})["payload"]["name"], "unknown_type");
  EXPECT_EQ(client->ask({{"type", "custom_event"}, {"channel", "chat:1"}})["type"], "ack");
}

/// On the shard of the client and on others.
class HastySubscriber : public ::testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] json command(std::string_view type, std::string_view id) const {
    return {{"type", type}, {"id", id}, {"channel", GetParam()}};
  }
  std::map<std::string, std::vector<json>> replies(SessionWorld::Client& client) {
    world.domain.mesh.run();
    std::map<std::string, std::vector<json>> by_id;
    for (const json& each : client.wire.read()) by_id[each.value("id", "-")].push_back(each);
    return by_id;
  }

  SessionWorld world{3};
};

TEST_P(HastySubscriber, GetsOneReplyToEachCommand) {
  auto ann = world.connect();
  ann->ask({{"type", "auth"}, {"payload", {{"token", world.token("ann")}}}});
  ann->send(command("subscribe", "1"));
  ann->send(command("unsubscribe", "2"));
  ann->send(command("subscribe", "3"));
  auto told = replies(*ann);
  for (const char* id : {"1", "2", "3"}) EXPECT_EQ(told[id].size(), 1U) << id;
  EXPECT_EQ(told["2"].at(0)["type"], "unsubscribed");
  EXPECT_EQ(told["3"].at(0)["type"], "subscribed");
  ann->send(SessionWorld::chat("once", GetParam()));
  EXPECT_EQ(replies(*ann)["-"].size(), 1U);

  ann->send(command("unsubscribe", "4"));
  ann->send(command("subscribe", "5"));
  ann->send(command("unsubscribe", "6"));
  told = replies(*ann);
  for (const char* id : {"4", "5", "6"}) EXPECT_EQ(told[id].size(), 1U) << id;
  ann->send(SessionWorld::chat("unheard", GetParam()));
  EXPECT_TRUE(replies(*ann)["-"].empty());
}

INSTANTIATE_TEST_SUITE_P(Channels, HastySubscriber,
                         ::testing::Values("chat:1", "chat:2", "chat:3", "chat:4"));

TEST_F(SessionTest, TellsPresenceToThoseWhoMaySeeIt) {
  auto ann = connect_as("ann");
  ann->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  auto blind = connect_as("bob", {{.match = "chat:1", .allow = {Permission::subscribe}}});
  blind->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  EXPECT_EQ(ann->wire.read().back()["type"], "presence_join");
  auto carl = connect_as("carl");
  carl->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  EXPECT_EQ(ann->wire.read().back()["payload"]["userId"], "carl");
  EXPECT_TRUE(blind->wire.read().empty());
  carl.reset();
  EXPECT_EQ(ann->wire.read().back()["type"], "presence_leave");
}

}  // namespace
}  // namespace tidewire
