#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

json command(std::string_view type, json payload, std::string_view channel = "chat:1") {
  return {{"type", type}, {"channel", channel}, {"payload", std::move(payload)}};
}

TEST(StreamHandler, AnnouncesAMessageAndSaysWhatStreams) {
  SessionWorld world;
  const auto agent = world.connect_as("agent");
  const auto bob = world.connect_as("bob");
  EXPECT_EQ(bob->ask(command("stream_status", json::object()))["payload"],
            json::parse(R"({"status":"none","streams":[]})"));
  EXPECT_EQ(agent->ask(command("stream_open", {{"messageId", "m"}, {"generation", 2}}))["payload"],
            json::parse(R"({"duplicate":false})"));
  const json pending = bob->ask(command("stream_status", {{"messageId", "m"}}))["payload"];
  EXPECT_EQ(pending["status"], "pending");
  EXPECT_EQ(pending["streams"][0]["generation"], 2);
  EXPECT_EQ(pending["streams"][0]["producer"]["userId"], "agent");
  agent->ask(
      command("chat_message_chunk",
              {{"messageId", "m"}, {"content", "a"}, {"isComplete", false}, {"generation", 2}}));
  EXPECT_EQ(bob->ask(command("stream_status", json::object()))["payload"]["status"], "active");
}

TEST(StreamHandler, TellsAProducerThatItsMessageIsCancelledBeforeItBegins) {
  SessionWorld world;
  world.domain.config.namespaces["chat"].cancel = true;
  const auto agent = world.connect_as("agent");
  const auto bob = world.connect_as("bob");
  EXPECT_EQ(
      bob->ask(command("stream_cancel", {{"messageId", "m"}, {"reason", "enough"}}))["payload"],
      json::parse(R"({"duplicate":false,"state":"pending"})"));
  agent->send(command("stream_open", {{"messageId", "m"}}));
  const auto told = agent->wire.read();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["type"], "stream_cancel");
  EXPECT_EQ(told[0]["payload"], json::parse(R"({"messageId":"m","reason":"enough"})"));
  EXPECT_EQ(bob->ask(command("stream_cancel", {{"messageId", "m"}}))["payload"],
            json::parse(R"({"duplicate":true,"state":"ended"})"));
}

TEST(StreamHandler, IsForThoseWhoMayPublishAndSubscribe) {
  SessionWorld world;
  const auto agent = world.connect_as("agent");
  for (const char* type : {"stream_open", "stream_status"})
    EXPECT_EQ(agent->ask(command(type, {{"messageId", "m"}}, "sealed:1"))["payload"]["name"],
              "permission_denied");
}

}  // namespace
}  // namespace tidewire
