#include "protocol/message_check.h"

#include "protocol/channel_name.h"
#include "protocol/commands.h"
#include "protocol/events.h"

namespace tidewire {
namespace {

template <typename T>
std::optional<Error> error_of(const std::expected<T, Error>& result) {
  return result ? std::nullopt : std::optional(result.error());
}

std::optional<Error> check_payload(MessageType type, const Envelope& envelope,
                                   std::string_view sender_user_id) {
  switch (type) {
    case MessageType::auth:
      return error_of(parse_auth(envelope.payload));
    case MessageType::subscribe:
      return error_of(parse_subscribe(envelope.payload));
    case MessageType::ack:
      return error_of(parse_ack(envelope.payload));
    case MessageType::history:
      return error_of(parse_history(envelope.payload));
    case MessageType::rpc:
      return error_of(parse_rpc(envelope.payload));
    case MessageType::rpc_cancel:
      return error_of(parse_rpc_cancel(envelope.payload));
    case MessageType::rpc_serve:
      return error_of(parse_rpc_serve(envelope.payload));
    case MessageType::rpc_response:
      return error_of(parse_rpc_response(envelope.payload));
    case MessageType::state_get:
      return error_of(parse_state_get(envelope.payload));
    case MessageType::state_set:
      return error_of(parse_state_set(envelope.payload));
    case MessageType::state_delete:
      return error_of(parse_state_delete(envelope.payload));
    case MessageType::stream_cancel:
      return error_of(parse_stream_cancel(envelope.payload));
    case MessageType::connection_heartbeat:
      return error_of(parse_heartbeat(envelope.payload));
    case MessageType::chat_message:
    case MessageType::chat_message_chunk:
    case MessageType::agent_status_update:
    case MessageType::user_typing:
      return error_of(validate_event(envelope.type, envelope.payload, sender_user_id));
    case MessageType::unsubscribe:
    case MessageType::presence:
    case MessageType::welcome:
    case MessageType::subscribed:
    case MessageType::unsubscribed:
    case MessageType::rpc_result:
    case MessageType::state:
    case MessageType::error:
    case MessageType::goaway:
    case MessageType::presence_join:
    case MessageType::presence_leave:
    case MessageType::rpc_request:
    case MessageType::state_changed:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> check_address(const Envelope& envelope) {
  const auto type = from_name<MessageType>(envelope.type);
  const auto unknown = [](const char* why) {
    return Error{ErrorCode::unknown_type, why, "/type", 0, {}};
  };
  if (type && !client_may_send(*type)) return unknown("only the server sends this type");
  if (!type && envelope.channel.empty())
    return unknown("neither a command nor an event on a channel");
  const ChannelUse use = type ? channel_use(*type) : ChannelUse::required;
  const bool look =
      use == ChannelUse::required || (use == ChannelUse::optional && !envelope.channel.empty());
  return look ? error_of(ChannelName::parse(envelope.channel)) : std::nullopt;
}

std::optional<Error> check_message(const Envelope& envelope, std::string_view sender_user_id) {
  if (auto error = check_address(envelope)) return error;
  const auto type = from_name<MessageType>(envelope.type);
  return type ? check_payload(*type, envelope, sender_user_id) : std::nullopt;
}

}  // namespace tidewire
