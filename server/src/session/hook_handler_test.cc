#include "session/hook_handler.h"

#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

class HookTest : public ::testing::Test, public SessionWorld {
 protected:
  void ask_about(HookKind kind, HookSetup setup = {}) {
    std::array<HookSetup, 3> setups;
    setup.backend = 0;
    setup.timeout_ms = 2'000;
    setups[static_cast<std::size_t>(kind)] = std::move(setup);
    hooks = HookCaller(http, domain.mesh, std::move(setups));
  }
  void answer(std::size_t call, std::string body, int status = 200) {
    http.answer(call, std::move(body), status);
    domain.mesh.run();
  }
  void fail(std::size_t call) {
    http.fail(call, outbound::HttpFailure::timeout);
    domain.mesh.run();
  }
  [[nodiscard]] json asked(std::size_t call) const { return json::parse(http.calls.at(call).body); }
  static json with_id(json message, std::string_view id) {
    message["id"] = id;
    return message;
  }
  json auth(std::string_view user) {
    return {{"type", "auth"}, {"id", "a"}, {"payload", {{"token", token(user)}}}};
  }
  static std::vector<std::string> ids(const std::vector<json>& messages) {
    std::vector<std::string> found;
    for (const json& each : messages) found.push_back(each.value("id", "-"));
    return found;
  }
};

TEST_F(HookTest, AsksBeforeAPublishAndKeepsTheOrderOfOneSession) {
  ask_about(HookKind::publish);
  auto ann = connect_as("ann");
  for (const char* id : {"1", "2", "3"}) ann->send(with_id(chat(id), id));
  ASSERT_EQ(http.calls.size(), 3U);
  EXPECT_EQ(asked(0)["hook"], "publish");
  EXPECT_EQ(asked(0)["channel"], "chat:1");
  EXPECT_EQ(asked(0)["type"], "chat_message");
  EXPECT_EQ(asked(0)["payload"]["content"], "1");
  EXPECT_EQ(asked(0)["user"]["userId"], "ann");
  answer(2, "{}");
  answer(1, R"({"deny":{"name":"rude"}})");
  EXPECT_TRUE(ann->wire.read().empty()) << "the first one has no verdict yet";
  answer(0, "{}");
  const auto messages = ann->wire.read();
  EXPECT_EQ(ids(messages), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(messages[0]["payload"]["offset"], 1);
  EXPECT_EQ(messages[1]["payload"]["error"]["name"], "rude");
  EXPECT_EQ(messages[2]["payload"]["offset"], 2);
}

TEST_F(HookTest, APublishThatNobodyIsAskedAboutWaitsBehindOneThatIs) {
  ask_about(HookKind::publish, {.namespaces = {"chat"}});
  auto ann = connect_as("ann");
  ann->send(with_id(chat("x", "fast:1"), "free"));
  EXPECT_EQ(ids(ann->wire.read()), std::vector<std::string>{"free"});
  ann->send(with_id(chat("x"), "asked"));
  ann->send(with_id(chat("x", "fast:1"), "behind"));
  EXPECT_EQ(http.calls.size(), 1U);
  EXPECT_TRUE(ann->wire.read().empty());
  answer(0, "{}");
  EXPECT_EQ(ids(ann->wire.read()), (std::vector<std::string>{"asked", "behind"}));
}

TEST_F(HookTest, ReplacesThePayloadAndChecksIt) {
  ask_about(HookKind::publish);
  auto ann = connect_as("ann");
  ann->send(with_id(json{{"type", "subscribe"}, {"channel", "chat:1"}}, "s"));
  domain.mesh.run();
  ann->wire.read();
  ann->send(with_id(chat("damn"), "1"));
  ann->send(with_id(chat("hi"), "2"));
  answer(0, R"({"payload":{"content":"****","role":"user"}})");
  answer(1, R"({"payload":{"content":5}})");
  const auto messages = ann->wire.read();
  const auto event = std::ranges::find_if(
      messages, [](const json& each) { return each["type"] == "chat_message"; });
  ASSERT_NE(event, messages.end());
  EXPECT_EQ((*event)["payload"]["content"], "****");
  const auto error =
      std::ranges::find_if(messages, [](const json& each) { return each["type"] == "error"; });
  ASSERT_NE(error, messages.end());
  EXPECT_EQ((*error)["id"], "2");
}

TEST_F(HookTest, DoesNotAskAboutWhatIsRefusedAnyway) {
  ask_about(HookKind::publish);
  auto ann = connect_as("ann");
  EXPECT_EQ(ann->ask(chat("x", "sealed:1"))["payload"]["name"], "permission_denied");
  EXPECT_EQ(ann->ask({{"type", "chat_message"},
                      {"channel", "chat:1"},
                      {"payload", json::object()}})["payload"]["name"],
            "invalid_message");
  EXPECT_TRUE(http.calls.empty());
}

TEST_F(HookTest, AFailureCountsAsTheConfigurationSays) {
  ask_about(HookKind::publish);
  auto ann = connect_as("ann");
  ann->send(with_id(chat("x"), "1"));
  fail(0);
  EXPECT_EQ(ann->wire.read().at(0)["payload"]["name"], "unavailable");
  ann->send(with_id(chat("x"), "2"));
  answer(1, "oops", 500);
  EXPECT_EQ(ann->wire.read().at(0)["payload"]["name"], "unavailable");
  ask_about(HookKind::publish, {.allow_on_failure = true});
  ann->send(with_id(chat("x"), "3"));
  fail(2);
  EXPECT_EQ(ann->wire.read().at(0)["type"], "ack");
}

TEST_F(HookTest, HoldsABoundedNumberOfMessages) {
  ask_about(HookKind::publish);
  auto ann = connect_as("ann");
  for (int i = 0; i < 64; ++i) ann->send(with_id(chat("x"), std::to_string(i)));
  EXPECT_TRUE(ann->wire.read().empty());
  EXPECT_EQ(ann->ask(chat("x"))["payload"]["name"], "overloaded");
  EXPECT_EQ(http.calls.size(), 64U);
  answer(0, "{}");
  EXPECT_EQ(ids(ann->wire.read()), std::vector<std::string>{"0"});
  ann->send(with_id(chat("x"), "again"));
  EXPECT_EQ(http.calls.size(), 65U);
}

TEST_F(HookTest, OutlivesTheSession) {
  ask_about(HookKind::publish);
  auto ann = connect_as("ann");
  ann->send(with_id(chat("x"), "1"));
  ann.reset();
  answer(0, "{}");
}

TEST_F(HookTest, AsksBeforeAClientIsWelcomeAndHoldsWhatItSends) {
  ask_about(HookKind::connect);
  auto ann = connect();
  ann->send(auth("ann"));
  ann->send(with_id(json{{"type", "subscribe"}, {"channel", "trip:1"}}, "s"));
  ann->send(
      with_id(json{{"type", "connection_heartbeat"}, {"payload", {{"timestamp", 1}}}}, "beat"));
  EXPECT_EQ(ids(ann->wire.read()), std::vector<std::string>{"beat"});
  EXPECT_EQ(asked(0)["hook"], "connect");
  EXPECT_EQ(asked(0)["user"]["userId"], "ann");
  EXPECT_EQ(asked(0)["user"]["info"]["name"], "x");
  advance(6'000);
  EXPECT_FALSE(ann->wire.closed) << "the hook's time is not the client's";
  answer(0, R"({"channels":[{"match":"trip:*","allow":["subscribe"]}]})");
  const auto messages = ann->wire.read();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["type"], "welcome");
  EXPECT_EQ(messages[1]["type"], "subscribed");
  ann->send(auth("ann"));
  ann->wire.read();
  EXPECT_EQ(ann->ask({{"type", "unsubscribe"}, {"channel", "trip:1"}})["type"], "unsubscribed")
      << "a newer token keeps what the application gave";
  EXPECT_EQ(http.calls.size(), 1U) << "a refresh is not asked about";
}

TEST_F(HookTest, EndsTheConnectionOfWhoIsRefused) {
  ask_about(HookKind::connect);
  auto eve = connect();
  eve->send(auth("eve"));
  answer(0, R"({"deny":{"name":"banned","message":"until Friday"}})");
  const json error = eve->wire.read().at(0);
  EXPECT_EQ(error["id"], "a");
  EXPECT_EQ(error["payload"]["error"]["name"], "banned");
  EXPECT_EQ(eve->wire.closed, CloseCode::forbidden);
  auto bob = connect();
  bob->send(auth("bob"));
  fail(1);
  EXPECT_EQ(bob->wire.read().at(0)["payload"]["name"], "unavailable");
  EXPECT_EQ(bob->wire.closed, CloseCode::overloaded) << "may come again";
}

TEST_F(HookTest, AsksBeforeASubscriptionAndLeavesLess) {
  ask_about(HookKind::subscribe);
  auto ann = connect_as("ann");
  ann->ask(chat("old"));
  ann->send(with_id(
      json{{"type", "subscribe"}, {"channel", "chat:1"}, {"payload", {{"history", 5}}}}, "s"));
  EXPECT_EQ(asked(0)["channel"], "chat:1");
  EXPECT_EQ(asked(0)["permissions"], json::array({"subscribe", "publish", "presence", "history"}));
  answer(0, R"({"permissions":["subscribe"]})");
  const json subscribed = ann->wire.read().at(0);
  EXPECT_EQ(subscribed["type"], "subscribed");
  EXPECT_TRUE(subscribed["payload"]["publications"].empty()) << "no history";
  ann->send(with_id(json{{"type", "subscribe"}, {"channel", "chat:2"}}, "t"));
  answer(1, R"({"permissions":["history"]})");
  EXPECT_EQ(ann->wire.read().at(0)["payload"]["name"], "permission_denied");
  ann->send(with_id(json{{"type", "subscribe"}, {"channel", "chat:3"}}, "u"));
  answer(2, R"({"deny":{"name":"limit_exceeded"}})");
  EXPECT_EQ(ann->wire.read().at(0)["payload"]["name"], "limit_exceeded");
}

TEST_F(HookTest, ASubscribeThatWasTakenBackDoesNotBegin) {
  ask_about(HookKind::subscribe);
  auto ann = connect_as("ann");
  const auto command = [](std::string_view type, std::string_view id) {
    return json{{"type", type}, {"id", id}, {"channel", "chat:1"}};
  };
  ann->send(command("subscribe", "1"));
  ann->send(command("unsubscribe", "2"));
  ann->send(command("subscribe", "3"));
  answer(0, "{}");
  const auto early = ann->wire.read();
  EXPECT_EQ(ids(early), (std::vector<std::string>{"2", "1"}));
  EXPECT_EQ(early[0]["type"], "unsubscribed");
  EXPECT_EQ(early[1]["payload"]["name"], "not_subscribed");
  answer(1, "{}");
  EXPECT_EQ(ann->wire.read().at(0)["type"], "subscribed");
  EXPECT_EQ(ann->session->subscriptions(), 1U);
}

TEST_F(HookTest, AsksAgainWhenASessionIsResumed) {
  ask_about(HookKind::subscribe);
  auto ann = connect_as("ann");
  const std::string id = ann->session->session_id();
  for (const char* channel : {"chat:1", "chat:2", "chat:3"})
    ann->send(json{{"type", "subscribe"}, {"channel", channel}});
  for (std::size_t call : {0, 1, 2}) answer(call, "{}");
  ann->session->closed(0);

  auto next = connect();
  json again = auth("ann");
  again["payload"]["sessionId"] = id;
  next->send(again);
  domain.mesh.run();
  ASSERT_EQ(http.calls.size(), 6U);
  std::map<std::string, std::size_t> call_of;
  for (std::size_t call : {3, 4, 5}) call_of[asked(call)["channel"]] = call;
  next->session->closed(0);  // what the application was asked about is not lost

  auto last = connect();
  last->send(again);
  domain.mesh.run();
  ASSERT_EQ(http.calls.size(), 9U);
  for (std::size_t call : {6, 7, 8}) call_of[asked(call)["channel"]] = call;
  EXPECT_EQ(last->wire.read().at(0)["payload"]["restored"].size(), 3U);
  answer(call_of["chat:1"], R"({"deny":{"name":"kicked"}})");
  answer(call_of["chat:2"], R"({"permissions":["subscribe"]})");
  fail(call_of["chat:3"]);
  std::map<std::string, json> told;
  for (const json& each : last->wire.read()) told[each["channel"]] = each;
  EXPECT_EQ(told["chat:1"]["payload"]["reason"], "permission_revoked");
  EXPECT_EQ(told["chat:2"]["type"], "subscribed");
  EXPECT_EQ(told["chat:3"]["payload"]["reason"], "insufficient_state");
  EXPECT_EQ(last->session->subscriptions(), 1U);
}

TEST_F(HookTest, LooksAgainWhenTheVerdictOnASubscriptionComes) {
  ask_about(HookKind::subscribe);
  auto ann = connect_as("ann");
  ann->send(with_id(json{{"type", "subscribe"}, {"channel", "chat:1"}}, "1"));
  ann->send(with_id(json{{"type", "subscribe"}, {"channel", "chat:1"}}, "2"));
  answer(0, "{}");
  answer(1, "{}");
  const auto messages = ann->wire.read();
  ASSERT_GE(messages.size(), 2U);
  EXPECT_EQ(messages[0]["type"], "subscribed");
  EXPECT_EQ(messages.back()["payload"]["name"], "already_subscribed");
}

TEST_F(HookTest, TheChannelOfTheUrlStandsOrFallsWithTheConnection) {
  ask_about(HookKind::subscribe);
  auto ann = connect("chat:7");
  ann->send(auth("ann"));
  EXPECT_EQ(asked(0)["channel"], "chat:7");
  answer(0, R"({"deny":{}})");
  EXPECT_EQ(ann->wire.closed, CloseCode::forbidden);
}

}  // namespace
}  // namespace tidewire
