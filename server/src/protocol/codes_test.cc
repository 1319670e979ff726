#include <gtest/gtest.h>

#include "protocol/codes.gen.h"

namespace tidewire {
namespace {

TEST(Codes, NamesRoundTrip) {
  EXPECT_EQ(to_name(ErrorCode::stream_gap), "stream_gap");
  EXPECT_EQ(from_name<ErrorCode>("stream_gap"), ErrorCode::stream_gap);
  EXPECT_EQ(from_name<Priority>("low"), Priority::low);
  EXPECT_EQ(from_name<DeliveryClass>("latest"), DeliveryClass::latest);
  EXPECT_EQ(from_name<ClientKind>("agent"), ClientKind::agent);
  EXPECT_EQ(from_name<Permission>("serve"), Permission::serve);
  EXPECT_EQ(from_name<UnsubscribeReason>("operator"), UnsubscribeReason::operator_);
  EXPECT_EQ(from_name<Priority>("urgent"), std::nullopt);
  EXPECT_EQ(from_name<Priority>(""), std::nullopt);
}

TEST(Codes, OnlyTransientErrorsAreRetryable) {
  EXPECT_TRUE(is_retryable(ErrorCode::rate_limited));
  EXPECT_TRUE(is_retryable(ErrorCode::shutting_down));
  EXPECT_FALSE(is_retryable(ErrorCode::permission_denied));
  EXPECT_FALSE(is_retryable(ErrorCode::invalid_message));
}

TEST(Codes, ThePrivateCloseRangeSaysWhetherToReconnect) {
  for (const auto code : {CloseCode::drain, CloseCode::slow_consumer, CloseCode::rate_limited,
                          CloseCode::bad_request, CloseCode::unauthorized, CloseCode::replaced})
    EXPECT_EQ(may_reconnect(code), static_cast<int>(code) < 4400) << to_name(code);
}

TEST(Codes, BuiltInEventsHaveTheirClassAndPriority) {
  EXPECT_EQ(delivery_class_of(MessageType::chat_message), DeliveryClass::durable);
  EXPECT_EQ(delivery_class_of(MessageType::chat_message_chunk), DeliveryClass::stream);
  EXPECT_EQ(delivery_class_of(MessageType::agent_status_update), DeliveryClass::latest);
  EXPECT_EQ(delivery_class_of(MessageType::user_typing), DeliveryClass::ephemeral);
  EXPECT_EQ(delivery_class_of(MessageType::subscribe), std::nullopt);
  EXPECT_EQ(default_priority_of(MessageType::agent_status_update), Priority::high);
  EXPECT_EQ(default_priority_of(MessageType::connection_heartbeat), Priority::critical);
}

TEST(Codes, TheServersOwnTypesCannotBeSent) {
  EXPECT_TRUE(client_may_send(MessageType::ack));
  EXPECT_TRUE(client_may_send(MessageType::chat_message));
  EXPECT_FALSE(client_may_send(MessageType::welcome));
  EXPECT_FALSE(client_may_send(MessageType::presence_join));
}

}  // namespace
}  // namespace tidewire
