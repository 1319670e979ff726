#include "session/cancel_handler.h"

#include <string>
#include <utility>

#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {

void CancelHandler::cancel(Session& session, const Envelope& envelope) {
  auto command = parse_stream_cancel(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  const auto access = access_to(session, envelope.channel);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  CancelRequest request{
      .channel = std::string(access->name.str()),
      .message_id = std::move(command->message_id),
      .cancel = {std::move(command->reason),
                 {session.user_id(), session.info_.connection_id, session.info_.client}},
      .permitted = access->permissions.contains(Permission::cancel)};
  // The producer is told even when the one who asked has gone, so the context is held and not the
  // session; it outlives every callback.
  auto done = [&context = session.context_, weak = session.weak_from_this(),
               id = std::string(envelope.id), channel = request.channel,
               message_id = request.message_id,
               cancel = request.cancel](const std::expected<CancelAck, Error>& ack) mutable {
    if (ack && ack->producer)
      reach({context.node.mesh(), context.all_sessions}, *ack->producer, channel,
            std::move(message_id), std::move(cancel));
    const auto self = weak.lock();
    if (!self) return;
    if (!ack) return self->reply_error(id, ack.error(), channel);
    if (id.empty()) return;  // fire and forget
    self->reply(MessageType::ack, id, channel, cancel_ack_payload(*ack));
  };
  session.context_.node.cancel(std::move(request), std::move(done));
}

void CancelHandler::reach(const Reach& reach, const Producer& producer, std::string channel,
                          std::string message_id, StreamCancel cancel) {
  if (producer.sender.connection_id.empty()) return;  // the server API: Node::cancel tells it
  reach.mesh.post(producer.shard, [sessions = reach.sessions[producer.shard],
                                   id = producer.sender.connection_id, channel = std::move(channel),
                                   message_id = std::move(message_id), cancel = std::move(cancel)] {
    if (Session* session = sessions->find(id)) tell(*session, channel, message_id, cancel);
  });
}

void CancelHandler::tell(Session& producer, std::string_view channel, std::string_view message_id,
                         const StreamCancel& cancel) {
  const std::string payload = stream_cancel_payload(message_id, cancel.reason);
  const Sender from{.user_id = cancel.from.user_id,
                    .connection_id = cancel.from.connection_id,
                    .client = cancel.from.client};
  producer.send({.type = to_name(MessageType::stream_cancel),
                 .channel = channel,
                 .payload = payload,
                 .ts = producer.context_.clock.wall_ms(),
                 .from = &from},
                Priority::high);
}

}  // namespace tidewire
