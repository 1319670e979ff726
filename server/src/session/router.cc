#include "session/router.h"

#include <utility>

#include "session/ack_handler.h"
#include "session/auth_handler.h"
#include "session/cancel_handler.h"
#include "session/hook_handler.h"
#include "session/presence_handler.h"
#include "session/publish_handler.h"
#include "session/query_handler.h"
#include "session/rpc_handler.h"
#include "session/session.h"
#include "session/state_handler.h"
#include "session/stream_handler.h"
#include "session/subscribe_handler.h"
#include "session/transfer_handler.h"
#include "session/visibility_handler.h"

namespace tidewire {
namespace {

bool allowed_before_auth(std::optional<MessageType> type) {
  return type == MessageType::auth || type == MessageType::connection_heartbeat;
}

Error unknown_type(std::string_view type) {
  return {.code = ErrorCode::unknown_type,
          .message = "`" + std::string(type) + "` is not something a client sends",
          .path = "/type"};
}

}  // namespace

void Router::route(Session& session, const Envelope& envelope) {
  Session::Handled handled{envelope};
  Session::Handled* const outer = std::exchange(session.handled_, &handled);
  dispatch(session, envelope);
  session.handled_ = outer;
  if (!handled.undecided) session.judge(handled.faulty);
}

void Router::dispatch(Session& session, const Envelope& envelope) {
  if (session.hooks_ && HookHandler::holds(session, envelope)) return;
  const auto type = from_name<MessageType>(envelope.type);
  if (session.state() == Session::State::unauthenticated && !allowed_before_auth(type))
    return session.reply_error(envelope.id,
                               {.code = ErrorCode::unauthorized, .message = "send `auth` first"});
  if (!type) {
    if (envelope.channel.empty() && session.scope().empty())
      return session.reply_error(envelope.id, unknown_type(envelope.type));
    return PublishHandler::publish(session, envelope);
  }
  switch (*type) {
    case MessageType::auth:
      return AuthHandler::auth(session, envelope);
    case MessageType::connection_heartbeat:
      return QueryHandler::heartbeat(session, envelope);
    case MessageType::subscribe:
      return SubscribeHandler::subscribe(session, envelope);
    case MessageType::unsubscribe:
      return SubscribeHandler::unsubscribe(session, envelope);
    case MessageType::visibility:
      return VisibilityHandler::change(session, envelope);
    case MessageType::ack:
      return AckHandler::acknowledge(session, envelope);
    case MessageType::history:
      return QueryHandler::history(session, envelope);
    case MessageType::receipts:
      return AckHandler::receipts(session, envelope);
    case MessageType::presence:
      return PresenceHandler::query(session, envelope);
    case MessageType::presence_update:
      return PresenceHandler::update(session, envelope);
    case MessageType::chat_message:
    case MessageType::chat_message_chunk:
    case MessageType::agent_status_update:
    case MessageType::user_typing:
      return PublishHandler::publish(session, envelope);
    case MessageType::state_get:
      return StateHandler::get(session, envelope);
    case MessageType::state_set:
      return StateHandler::set(session, envelope);
    case MessageType::state_delete:
      return StateHandler::erase(session, envelope);
    case MessageType::stream_open:
      return StreamHandler::open(session, envelope);
    case MessageType::stream_status:
      return StreamHandler::status(session, envelope);
    case MessageType::stream_cancel:
      return CancelHandler::cancel(session, envelope);
    case MessageType::rpc:
      return RpcHandler::call(session, envelope);
    case MessageType::transfer_begin:
      return TransferHandler::begin(session, envelope);
    case MessageType::transfer_chunk:
      return TransferHandler::chunk(session, envelope);
    case MessageType::transfer_end:
      return TransferHandler::end(session, envelope);
    case MessageType::rpc_cancel:
      return RpcHandler::cancel(session, envelope);
    case MessageType::rpc_serve:
      return RpcHandler::serve(session, envelope);
    case MessageType::rpc_response:
      return RpcHandler::respond(session, envelope);
    case MessageType::welcome:
    case MessageType::subscribed:
    case MessageType::unsubscribed:
    case MessageType::rpc_result:
    case MessageType::state:
    case MessageType::error:
    case MessageType::goaway:
    case MessageType::presence_join:
    case MessageType::presence_leave:
    case MessageType::presence_count:
    case MessageType::rpc_request:
    case MessageType::receipt:
    case MessageType::receipt_changed:
    case MessageType::dead_letter:
    case MessageType::state_changed:
      return session.reply_error(envelope.id, unknown_type(envelope.type));
  }
}

}  // namespace tidewire
