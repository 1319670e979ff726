#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

class SlowReaderTest : public ::testing::Test, protected SessionWorld {
 protected:
  SlowReaderTest() {
    domain.config.namespaces["patient"] = NamespaceConfig{.publish = true,
                                                          .subscribe = true,
                                                          .history_size = 1'000,
                                                          .overflow = OverflowPolicy::spill};
  }

  /// A subscriber of `patient:1` with a small queue that has taken the first bytes and no more.
  std::unique_ptr<Client> stalled() {
    auto slow = connect_as("slow");
    slow->wire.use(*slow->session, {.queued_bytes_max = 4'000, .queued_frames_max = 100});
    slow->ask({{"type", "subscribe"}, {"channel", "patient:1"}});
    return slow;
  }
  static json say(int i) { return chat("message " + std::to_string(i), "patient:1"); }
};

TEST_F(SlowReaderTest, IsToldOfASpillOnceItHasRead) {
  auto slow = stalled();
  auto ann = connect_as("ann");
  for (int i = 0; i < 50; ++i) ann->send(say(i));
  EXPECT_FALSE(slow->wire.closed);
  EXPECT_EQ(domain.metrics[0]->spills[LimitLabel::queue_bytes].value(), 1U);
  EXPECT_EQ(slow->session->outbox().queued_bytes(), 0U) << "a spilled channel costs no queue";
  domain.mesh.run();
  const auto messages = slow->wire.read();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["type"], "unsubscribed");
  EXPECT_EQ(messages[0]["payload"]["reason"], "insufficient_state");
  const json back = slow->ask({{"type", "subscribe"}, {"channel", "patient:1"}});
  EXPECT_EQ(back["type"], "subscribed");
  EXPECT_EQ(back["payload"]["offset"], 50);
  ann->send(say(50));
  EXPECT_EQ(slow->wire.read().back()["offset"], 51);
}

TEST_F(SlowReaderTest, IsToldOnlyWhenItsQueueHasRoom) {
  auto slow = stalled();
  slow->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  auto ann = connect_as("ann");
  for (int i = 0; i < 4; ++i) ann->send(chat("kept"));
  for (int i = 0; i < 20; ++i) ann->send(say(i));
  domain.mesh.run();
  const auto messages = slow->wire.read();
  EXPECT_EQ(messages.size(), 4U) << "what other channels have waits on";
  slow->session->on_sent(1);
  domain.mesh.run();
  EXPECT_EQ(slow->wire.read().at(0)["type"], "unsubscribed");
}

TEST_F(SlowReaderTest, SendsTheAnswerToASubscribeBeforeWhatFollows) {
  auto reader = connect_as("reader");
  json subscribe{{"type", "subscribe"}, {"id", "s"}, {"channel", "chat:1"}};
  json status = chat("urgent");
  status["priority"] = "critical";
  reader->send(json::array({subscribe, chat("one"), status, chat("two")}));
  const auto messages = reader->wire.read();
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0]["type"], "subscribed");
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(messages[i]["offset"], i);
}

TEST_F(SlowReaderTest, GetsNothingOfAChannelAfterItsUnsubscribed) {
  auto reader = connect_as("reader");
  reader->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  reader->send(json::array(
      {chat("one"), json{{"type", "unsubscribe"}, {"id", "u"}, {"channel", "chat:1"}}}));
  const auto messages = reader->wire.read();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["payload"]["content"], "one");
  EXPECT_EQ(messages[1]["type"], "unsubscribed");
}

TEST_F(SlowReaderTest, GetsHeartbeatsBeforeAnythingThatWaits) {
  auto reader = connect_as("reader");
  reader->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  json urgent = chat("urgent");
  urgent["priority"] = "critical";
  reader->send(json::array(
      {urgent, json{{"type", "connection_heartbeat"}, {"payload", {{"timestamp", 1}}}}}));
  const auto messages = reader->wire.read();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["type"], "connection_heartbeat");
}

TEST_F(SlowReaderTest, JoinsTheBatchesOfItsNamespaceAndItsOwn) {
  auto client = connect();
  client->ask(
      {{"type", "auth"}, {"payload", {{"token", token("ann")}, {"batch", {{"delayMs", 70}}}}}});
  client->ask({{"type", "subscribe"}, {"channel", "fast:1"}});
  const json tick{{"type", "tick"}, {"channel", "fast:1"}, {"payload", json::object()}};
  client->send(tick);
  EXPECT_EQ(client->wire.window, 70) << "the longer of 40 and 70";
  client->ask({{"type", "auth"}, {"payload", {{"token", token("ann")}}}});
  client->send(tick);
  EXPECT_EQ(client->wire.window, 40) << "a refresh without a wish takes it back";
}

}  // namespace
}  // namespace tidewire
