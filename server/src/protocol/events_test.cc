#include "protocol/events.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(Events, EachBuiltInEventHasItsClassAndPriority) {
  const auto chat = validate_event("chat_message", R"({"content":"x","role":"user"})", "alice");
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->delivery_class, DeliveryClass::durable);
  EXPECT_EQ(chat->priority, Priority::normal);
  const auto status = validate_event(
      "agent_status_update", R"({"isActive":true,"progress":1,"currentTask":null})", "alice");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->delivery_class, DeliveryClass::latest);
  EXPECT_EQ(status->priority, Priority::high);
}

TEST(Events, AChunkIsDecodedForFolding) {
  const auto event = validate_event(
      "chat_message_chunk",
      R"({"messageId":"m\u0031","content":"a\nb\ud83d\ude00","isComplete":true,"index":3})",
      "alice");
  ASSERT_TRUE(event);
  ASSERT_TRUE(event->chunk);
  EXPECT_EQ(event->chunk->message_id, "m1");
  EXPECT_EQ(event->chunk->content, "a\nb😀");
  EXPECT_TRUE(event->chunk->is_complete);
  EXPECT_EQ(event->chunk->index, 3u);
}

TEST(Events, ACustomEventLeavesItsClassToTheNamespace) {
  const auto event = validate_event("price_changed", R"({"anything":[1]})", "alice");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->delivery_class, std::nullopt);
  EXPECT_EQ(event->priority, Priority::normal);
}

TEST(Events, CommandsAndTheServersOwnTypesAreNotEvents) {
  for (const char* type :
       {"auth", "subscribe", "connection_heartbeat", "welcome", "state_changed"}) {
    const auto event = validate_event(type, "{}", "alice");
    ASSERT_FALSE(event) << type;
    EXPECT_EQ(event.error().code, ErrorCode::unknown_type);
  }
}

TEST(Events, NobodyTypesForSomebodyElse) {
  EXPECT_TRUE(validate_event("user_typing", R"({"userId":"alice","sessionId":"s"})", "alice"));
  const auto forged = validate_event("user_typing", R"({"userId":"bob","sessionId":"s"})", "alice");
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().code, ErrorCode::forged_sender);
  EXPECT_EQ(forged.error().path, "/payload/userId");
}

TEST(Events, EscapesDoNotHideTheSender) {
  EXPECT_TRUE(validate_event("user_typing", R"({"userId":"\u0061lice","sessionId":"s"})", "alice"));
  EXPECT_FALSE(validate_event(
      "user_typing", R"({"userId":"alice","user\u0049d":"bob","sessionId":"s"})", "alice"));
}

}  // namespace
}  // namespace tidewire
