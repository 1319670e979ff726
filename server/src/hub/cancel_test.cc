#include <gtest/gtest.h>

#include "hub/domain_fixture.h"

namespace tidewire {
namespace {

/// The channel `room:1` of two shards, its producer on one and its readers on the other.
class CancelTest : public ::testing::Test {
 protected:
  PublishResult piece(std::uint64_t index, std::string_view content, bool complete = false) {
    std::optional<PublishResult> answer;
    domain_.nodes[1]->publish(
        {.channel = "room:1",
         .type = "chat_message_chunk",
         .payload = "{}",
         .from = {.user_id = "bot", .connection_id = "c-bot", .client = "test"},
         .shard = 1,
         .delivery = DeliveryClass::stream,
         .message_id = "m",
         .content = content,
         .index = index,
         .complete = complete},
        [&](PublishResult result) { answer = std::move(result); });
    domain_.mesh.run();
    return answer.value();
  }

  std::expected<CancelAck, Error> cancel(std::string user = "bob", bool permitted = true) {
    std::optional<std::expected<CancelAck, Error>> answer;
    domain_.nodes[0]->cancel({.channel = "room:1",
                              .message_id = "m",
                              .cancel = {"enough", {std::move(user), "c-bob", "test"}},
                              .permitted = permitted},
                             [&](std::expected<CancelAck, Error> ack) { answer = std::move(ack); });
    domain_.mesh.run();
    return answer.value();
  }

  std::vector<std::string> history() {
    std::vector<std::string> payloads;
    domain_.nodes[0]->history("room:1", {.limit = 10}, [&](std::expected<HistoryPage, Error> page) {
      for (const auto& each : page->publications) payloads.emplace_back(each->payload());
    });
    domain_.mesh.run();
    return payloads;
  }

  Domain domain_{2};
};

TEST_F(CancelTest, EndsTheMessageAndNamesWhoProducesIt) {
  ASSERT_TRUE(piece(1, "half"));
  const auto ack = cancel();
  ASSERT_TRUE(ack && ack->producer);
  EXPECT_EQ(ack->producer->sender.connection_id, "c-bot");
  EXPECT_EQ(ack->producer->shard, 1);
  EXPECT_EQ(ack->state, CancelState::cancelled);
  EXPECT_EQ(history(), std::vector<std::string>{R"({"content":"half","role":"assistant",)"
                                                R"("messageId":"m","status":"cancelled"})"});
  EXPECT_EQ(piece(2, "more").error().code, ErrorCode::stream_closed);
}

TEST_F(CancelTest, WaitsForAMessageThatHasNotBegun) {
  const auto ack = cancel();
  ASSERT_TRUE(ack);
  EXPECT_FALSE(ack->producer);
  EXPECT_EQ(ack->state, CancelState::pending);
  const auto first = piece(1, "Well");
  ASSERT_TRUE(first && first->cancel);
  EXPECT_EQ(first->cancel->reason, "enough");
  EXPECT_EQ(first->cancel->from.user_id, "bob");
  EXPECT_EQ(history().size(), 1U);
  EXPECT_EQ(piece(2, "more").error().code, ErrorCode::stream_closed);
}

TEST_F(CancelTest, WaitsNoLongerThanAMessageMayBeSilent) {
  ASSERT_TRUE(cancel());
  domain_.clock.advance_ms(NamespaceConfig{}.stream_timeout.count());
  const auto first = piece(1, "Well");
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->cancel);
}

TEST_F(CancelTest, LeavesAMessageAloneThatIsWholeAtOnce) {
  ASSERT_TRUE(cancel());
  const auto whole = piece(1, "all", true);
  ASSERT_TRUE(whole && whole->position);
  EXPECT_FALSE(whole->cancel);
  EXPECT_EQ(cancel()->state, CancelState::ended) << "it has ended";
}

TEST_F(CancelTest, IsForThePermittedAndTheProducer) {
  EXPECT_EQ(cancel("bob", false).error().code, ErrorCode::permission_denied);
  EXPECT_EQ(cancel("bot", false).error().code, ErrorCode::permission_denied)
      << "nobody produces it yet";
  ASSERT_TRUE(piece(1, "half"));
  EXPECT_EQ(cancel("bob", false).error().code, ErrorCode::permission_denied);
  EXPECT_TRUE(cancel("bot", false));
  EXPECT_EQ(cancel("bob", false).error().code, ErrorCode::permission_denied);
  EXPECT_EQ(cancel("bot", false)->state, CancelState::ended) << "its own, asked once more";
}

}  // namespace
}  // namespace tidewire
