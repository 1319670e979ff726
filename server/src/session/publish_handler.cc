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
namespace {

/// Channels that have to be told when the connection is gone.
constexpr std::size_t kActivitiesMax = 4'096;

}  // namespace

bool PublishHandler::note_activity(Session& session, std::string_view channel, DeliveryClass kind,
                                   bool active) {
  if (!session.activities_) session.activities_ = std::make_unique<Session::Activities>();
  auto& known = *session.activities_;
  const auto bit = static_cast<std::uint8_t>(1U << std::to_underlying(kind));
  const auto found = known.find(channel);
  if (found != known.end()) {
    const unsigned left = active ? found->second | bit : found->second & ~bit;
    found->second = static_cast<std::uint8_t>(left);
    if (left == 0) known.erase(found);
    return true;
  }
  if (!active) return true;
  // Typing ends soon by itself; an agent's status does not.
  if (known.size() >= kActivitiesMax) return kind == DeliveryClass::ephemeral;
  known.emplace(channel, bit);
  return true;
}

namespace {

std::optional<Error> refuse_receipt(const ChannelAccess& access, DeliveryClass delivery) {
  if (!access.options.receipts)
    return Error{.code = ErrorCode::unsupported,
                 .message = "this namespace keeps no receipts",
                 .path = "/receipt"};
  if (delivery != DeliveryClass::durable)
    return Error{.code = ErrorCode::invalid_message,
                 .message = "only a durable event has receipts",
                 .path = "/receipt"};
  return std::nullopt;
}

/// Tells a publisher who has passed its event.
void tell(Session& publisher, std::string_view channel, const ReceiptResult& result) {
  const std::string payload = receipt_payload({.offset = result.position.offset,
                                               .epoch = result.position.epoch,
                                               .kind = to_name(result.kind),
                                               .count = result.count,
                                               .consumers = result.consumers,
                                               .complete = result.complete});
  publisher.push(MessageType::receipt, channel, payload);
}

}  // namespace

std::shared_ptr<ReceiptWish> PublishHandler::wish_of(const Session& session,
                                                     const Envelope& envelope,
                                                     std::string_view channel) {
  // Called on the owner's shard, when the session may be gone: it is looked for where it was.
  return std::make_shared<ReceiptWish>(ReceiptWish{
      *envelope.receipt,
      [&context = session.context_, id = session.info_.connection_id,
       channel = std::string(channel)](ReceiptResult result) mutable {
        context.node.mesh().post(context.node.index(), [&context, id, channel = std::move(channel),
                                                        result = std::move(result)] {
          if (Session* publisher = context.sessions.find(id)) tell(*publisher, channel, result);
        });
      },
      session.info_.connection_id});
}

void PublishHandler::publish(Session& session, const Envelope& envelope) {
  const auto access = access_to(session, envelope.channel, Permission::publish);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  // Before the application is asked: it is spared what comes too often.
  if (!session.allow(RateKind::publishes, envelope.id, envelope.channel, &access->options)) return;
  if (const auto refused = session.rates_.take_of_namespace(
          RateKind::bytes, static_cast<double>(envelope.payload.size()),
          session.context_.clock.mono_us(), access->options))
    return session.refuse(*refused, envelope.id, envelope.channel);
  if (!session.context_.hooks->asks(HookKind::publish)) return accept(session, envelope, *access);
  const auto event = check_event({.channel = access->name,
                                  .options = access->options,
                                  .type = envelope.type,
                                  .payload = envelope.payload,
                                  .user_id = session.user_id()},
                                 session.context_.schemas);
  if (!event) return session.reply_error(envelope.id, event.error(), envelope.channel);
  if (HookHandler::publish(session, envelope, access->name.str(), access->name.name_space()))
    return;
  accept(session, envelope, *access);
}

void PublishHandler::publish_now(Session& session, const Envelope& envelope) {
  const auto access = access_to(session, envelope.channel, Permission::publish);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  accept(session, envelope, *access);
}

void PublishHandler::accept(Session& session, const Envelope& envelope,
                            const ChannelAccess& access) {
  auto event = check_event({.channel = access.name,
                            .options = access.options,
                            .type = envelope.type,
                            .payload = envelope.payload,
                            .user_id = session.user_id()},
                           session.context_.schemas);
  if (!event) return session.reply_error(envelope.id, event.error(), envelope.channel);

  if (event->active && !note_activity(session, access.name.str(), event->delivery, *event->active))
    return session.reply_error(envelope.id,
                               {.code = ErrorCode::limit_exceeded,
                                .message = "a connection is active in at most " +
                                           std::to_string(kActivitiesMax) + " channels",
                                .path = "/channel"},
                               envelope.channel);
  if (envelope.receipt) {
    if (auto refused = refuse_receipt(access, event->delivery))
      return session.reply_error(envelope.id, *refused, envelope.channel);
  }
  if (envelope.seq) {
    if (!session.publishes_) session.publishes_ = std::make_unique<PublishWindow>();
    if (const auto known = session.publishes_->find(*envelope.seq)) {
      session.context_.metrics.duplicates.add();
      answer(session, envelope.id, access.name.str(), *known);
      if (envelope.receipt && known->position)
        session.context_.node.watch_receipt(
            {.channel = std::string(access.name.str()),
             .position = *known->position,
             .publisher = session.user_id(),
             .wish = wish_of(session, envelope, access.name.str())});
      return;
    }
  }

  PublishRequest request{.channel = access.name.str(),
                         .type = envelope.type,
                         .payload = envelope.payload,
                         .key = envelope.key,
                         .trace = envelope.trace,
                         .nonce = envelope.nonce,
                         .sig = envelope.sig,
                         .enc = envelope.enc,
                         .session_id = session.session_id_,
                         .from = {.user_id = session.user_id(),
                                  .connection_id = session.info_.connection_id,
                                  .client = session.info_.client},
                         .seq = envelope.seq.value_or(0),
                         .shard = session.context_.node.index(),
                         .delivery = event->delivery,
                         .priority = envelope.priority.value_or(event->priority),
                         .echo = envelope.echo};
  if (envelope.receipt) request.receipt = wish_of(session, envelope, request.channel);
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
      request,
      [weak = session.weak_from_this(), id = std::string(envelope.id),
       channel = std::string(request.channel), message_id = std::string(request.message_id),
       seq = request.seq, began](const PublishResult& result) {
        const auto self = weak.lock();
        if (!self) return;
        const MonoMicros took = self->context_.clock.mono_us() - began;
        self->context_.metrics.publish_seconds.record(std::chrono::microseconds(took));
        if (result && seq != 0) self->publishes_->remember(seq, *result);
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
