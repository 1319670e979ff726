#include "session/publish_handler.h"

#include <string>

#include "protocol/replies.h"
#include "session/cancel_handler.h"
#include "session/channel_access.h"
#include "session/event_check.h"
#include "session/hook_handler.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {

void PublishHandler::publish(Session& session, const Envelope& envelope) {
  const bool plain = !session.context_.hooks->asks(HookKind::publish);
  if (plain) return publish_now(session, envelope);
  const auto access = access_to(session, envelope.channel, Permission::publish);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  const auto event = check_event({.channel = access->name,
                                  .options = access->options,
                                  .type = envelope.type,
                                  .payload = envelope.payload,
                                  .user_id = session.user_id()},
                                 session.context_.schemas);
  if (!event) return session.reply_error(envelope.id, event.error(), envelope.channel);
  if (HookHandler::publish(session, envelope, access->name.str(), access->name.name_space()))
    return;
  publish_now(session, envelope);
}

void PublishHandler::publish_now(Session& session, const Envelope& envelope) {
  const auto access = access_to(session, envelope.channel, Permission::publish);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  auto event = check_event({.channel = access->name,
                            .options = access->options,
                            .type = envelope.type,
                            .payload = envelope.payload,
                            .user_id = session.user_id()},
                           session.context_.schemas);
  if (!event) return session.reply_error(envelope.id, event.error(), envelope.channel);

  PublishRequest request{.channel = access->name.str(),
                         .type = envelope.type,
                         .payload = envelope.payload,
                         .key = envelope.key,
                         .trace = envelope.trace,
                         .nonce = envelope.nonce,
                         .sig = envelope.sig,
                         .enc = envelope.enc,
                         .from = {.user_id = session.user_id(),
                                  .connection_id = session.info_.connection_id,
                                  .client = session.info_.client},
                         .shard = session.context_.node.index(),
                         .delivery = event->delivery,
                         .priority = envelope.priority.value_or(event->priority),
                         .echo = envelope.echo};
  if (event->chunk) {
    request.message_id = event->chunk->message_id;
    request.content = event->chunk->content;
    request.part_id = event->chunk->part.id;
    request.part_kind = event->chunk->part.kind;
    request.part_name = event->chunk->part.name;
    request.generation = event->chunk->generation;
    request.index = event->chunk->index.value_or(0);
    request.complete = event->chunk->is_complete;
  }
  const MonoMicros began = session.context_.clock.mono_us();
  session.context_.node.publish(
      request, [weak = session.weak_from_this(), id = std::string(envelope.id),
                channel = std::string(request.channel),
                message_id = std::string(request.message_id), began](const PublishResult& result) {
        const auto self = weak.lock();
        if (!self) return;
        const MonoMicros took = self->context_.clock.mono_us() - began;
        self->context_.metrics.publish_seconds.record(std::chrono::microseconds(took));
        answer(*self, id, channel, result);
        if (result && result->cancel)
          CancelHandler::tell(*self, channel, message_id, *result->cancel);
      });
}

void PublishHandler::answer(Session& session, std::string_view id, std::string_view channel,
                            const PublishResult& result) {
  if (!result) return session.reply_error(id, result.error(), channel);
  if (id.empty()) return;  // fire and forget
  session.reply(MessageType::ack, id, channel, publish_ack_payload(*result));
}

}  // namespace tidewire
