#include "session/transfer_handler.h"

#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

class TransferTest : public ::testing::Test, public SessionWorld {
 protected:
  json command(Client& client, std::string_view type, json payload) {
    payload["transferId"] = "t";
    client.send(json{{"type", type}, {"id", type}, {"payload", std::move(payload)}});
    domain.mesh.run();
    for (const json& each : client.wire.read())
      if (each.value("id", "") == type) return each;
    return nullptr;
  }
  /// Sends `text` in two pieces, the end not included.
  void send_pieces(Client& client, const std::string& text) {
    command(client, "transfer_begin", {{"size", text.size()}});
    command(client, "transfer_chunk", {{"index", 1}, {"data", text.substr(0, 20)}});
    command(client, "transfer_chunk", {{"index", 2}, {"data", text.substr(20)}});
  }
  std::vector<json> end(Client& client) {
    client.send(json{{"type", "transfer_end"}, {"id", "end"}, {"payload", {{"transferId", "t"}}}});
    domain.mesh.run();
    return client.wire.read();
  }
};

TEST_F(TransferTest, HandlesTheWholeAsTheMessageThatItIs) {
  auto ann = connect_as("ann");
  json event = chat(std::string(5'000, 'x'));
  event["id"] = "mine";
  send_pieces(*ann, event.dump());
  const auto messages = end(*ann);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["id"], "end");
  EXPECT_EQ(messages[0]["type"], "ack");
  EXPECT_EQ(messages[1]["id"], "mine");
  EXPECT_EQ(messages[1]["payload"]["offset"], 1);
}

TEST_F(TransferTest, GoesOnOverAnotherConnectionOfTheUser) {
  const std::string text = chat("a message of some length").dump();
  {
    auto first = connect_as("ann");
    command(*first, "transfer_begin", {{"size", text.size()}});
    EXPECT_EQ(command(*first, "transfer_chunk",
                      {{"index", 1}, {"data", text.substr(0, 20)}})["payload"]["nextIndex"],
              2);
  }
  auto second = connect_as("ann");
  const json resumed = command(*second, "transfer_begin", {{"size", text.size()}});
  EXPECT_EQ(resumed["payload"]["nextIndex"], 2);
  EXPECT_EQ(resumed["payload"]["received"], 20);
  command(*second, "transfer_chunk", {{"index", 2}, {"data", text.substr(20)}});
  EXPECT_EQ(end(*second).at(0)["type"], "ack");
  auto eve = connect_as("eve");
  EXPECT_EQ(end(*eve).at(0)["payload"]["name"], "not_found");
}

TEST_F(TransferTest, CarriesEventsAndCallsOnly) {
  auto ann = connect_as("ann");
  for (const std::string& text :
       {std::string(R"({"type":"subscribe","id":"in","channel":"chat:1"})"),
        std::string(R"({"type":"transfer_end","payload":{"transferId":"t"}})"),
        std::string(R"([{"type":"chat_message","channel":"chat:1"}])"),
        std::string(R"({"type":"chat_message","channel":"chat:1")")}) {
    send_pieces(*ann, text);
    const auto messages = end(*ann);
    ASSERT_FALSE(messages.empty()) << text;
    EXPECT_EQ(messages.back()["payload"]["name"], "invalid_message") << text;
    // One reply to `transfer_end`, and one to the message if it has an `id`.
    const bool has_id = text.find("\"id\"") != std::string::npos;
    EXPECT_EQ(messages.size(), has_id ? 2U : 1U) << text;
    EXPECT_EQ(messages.back()["id"], has_id ? "in" : "end") << text;
    EXPECT_EQ(messages.front()["type"], has_id ? "ack" : "error") << text;
  }
  send_pieces(*ann, R"({"type":"rpc","id":"call","payload":{"method":"nobody.serves"}})");
  EXPECT_EQ(end(*ann).back()["payload"]["name"], "permission_denied") << "the call was handled";
}

TEST_F(TransferTest, APieceTooManyIsABadMessageLikeAnyOther) {
  auto ann = connect_as("ann");
  command(*ann, "transfer_begin", {{"size", 3}});
  const json piece = {{"type", "transfer_chunk"},
                      {"id", "x"},
                      {"payload", {{"transferId", "t"}, {"index", 1}, {"data", "more"}}}};
  ann->send(json::array({chat("first"), piece}));
  domain.mesh.run();
  const auto messages = ann->wire.read();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["payload"]["path"], "/1/payload/data");
  for (int i = 0; i < 9; ++i) command(*ann, "transfer_chunk", piece["payload"]);
  EXPECT_EQ(ann->wire.closed, CloseCode::bad_request);
}

TEST_F(TransferTest, ForgetsWhatGetsNoMorePieces) {
  auto ann = connect_as("ann");
  send_pieces(*ann, chat("a message of some length").dump());
  for (int second = 0; second < 61; ++second) {
    advance(1'000);
    ann->session->on_activity(1);
  }
  EXPECT_EQ(end(*ann).back()["payload"]["name"], "not_found");
}

}  // namespace
}  // namespace tidewire
