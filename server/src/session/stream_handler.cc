#include "session/stream_handler.h"

#include <string>
#include <utility>

#include "protocol/commands.h"
#include "session/cancel_handler.h"
#include "session/channel_access.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {

void StreamHandler::open(Session& session, const Envelope& envelope) {
  const auto command = parse_stream_open(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  const auto access = access_to(session, envelope.channel, Permission::publish);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  PublishRequest request{.channel = access->name.str(),
                         .type = envelope.type,
                         .from = {.user_id = session.user_id(),
                                  .connection_id = session.info_.connection_id,
                                  .client = session.info_.client},
                         .shard = session.context_.node.index(),
                         .delivery = DeliveryClass::stream,
                         .message_id = command->message_id,
                         .generation = command->generation,
                         .announces = true};
  session.context_.node.publish(
      request, [weak = session.weak_from_this(), id = std::string(envelope.id),
                channel = std::string(request.channel),
                message_id = command->message_id](const PublishResult& result) {
        const auto self = weak.lock();
        if (!self) return;
        if (!result) return self->reply_error(id, result.error(), channel);
        if (!id.empty()) self->reply(MessageType::ack, id, channel, publish_ack_payload(*result));
        if (result->cancel) CancelHandler::tell(*self, channel, message_id, *result->cancel);
      });
}

void StreamHandler::status(Session& session, const Envelope& envelope) {
  auto command = parse_stream_status(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  const auto access = access_to(session, envelope.channel, Permission::subscribe);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  session.context_.node.stream_status(
      std::string(access->name.str()), std::move(command->message_id),
      [weak = session.weak_from_this(), id = std::string(envelope.id),
       channel = std::string(access->name.str())](const StreamStatus& status) {
        if (const auto self = weak.lock())
          self->reply(MessageType::stream_status, id, channel, stream_status_text(status));
      });
}

}  // namespace tidewire
