#include "session/transfer_handler.h"

#include <utility>

#include "protocol/commands.h"
#include "protocol/envelope_form.h"
#include "protocol/replies.h"
#include "session/router.h"
#include "session/rpc_handler.h"
#include "session/session.h"
#include "session/transfer_desk.h"

namespace tidewire {
namespace {

constexpr std::size_t kCodecPadding = 64;  // readable bytes that the codec wants behind a text

/// What a transfer may carry: an event or a call.
bool may_be_carried(std::string_view type) {
  const auto known = from_name<MessageType>(type);
  return !known || known == MessageType::rpc || role_of(*known) == MessageRole::event;
}

Error switched_off() {
  return {.code = ErrorCode::unsupported, .message = "transfers are switched off"};
}

}  // namespace

/// Takes the one message of a transfer, or its fault. `transfer_end` and the message have one reply
/// each; a message without an `id` has its fault told in the reply to `transfer_end`.
class TransferHandler::Carried final : public EnvelopeSink {
 public:
  Carried(Session& session, std::string_view end_id) : session_(session), end_id_(end_id) {}

  void on_envelope(const Envelope& envelope) override {
    if (!may_be_carried(envelope.type))
      return on_bad_message(envelope.id, envelope.channel,
                            {.code = ErrorCode::invalid_message,
                             .message = "a transfer carries an event or an rpc",
                             .path = "/type"});
    acknowledge();
    Router::route(session_, envelope);
  }
  void on_bad_message(std::string_view id, std::string_view channel, const Error& error) override {
    if (!id.empty()) acknowledge();
    session_.on_bad_message(id.empty() ? end_id_ : id, channel, error);
  }

 private:
  void acknowledge() {
    if (!end_id_.empty()) session_.reply(MessageType::ack, end_id_, {}, ack_payload({}));
  }

  Session& session_;
  std::string_view end_id_;
};

void TransferHandler::begin(Session& session, const Envelope& envelope) {
  auto command = parse_transfer_begin(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  TransferDesk* desk = session.context_.transfers;
  if (desk == nullptr) return session.reply_error(envelope.id, switched_off());
  std::string id = command->transfer_id;
  desk->begin(RpcHandler::address_of(session), session.user_id(), id, command->size,
              [id, reply_id = std::string(envelope.id)](
                  Session& there, const std::expected<TransferProgress, Error>& progress) {
                answer(there, reply_id, id, progress);
              });
}

void TransferHandler::chunk(Session& session, const Envelope& envelope) {
  auto command = parse_transfer_chunk(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  TransferDesk* desk = session.context_.transfers;
  if (desk == nullptr) return session.reply_error(envelope.id, switched_off());
  std::string id = command->transfer_id;
  if (session.handled_ != nullptr) session.handled_->undecided = true;
  desk->add(RpcHandler::address_of(session), session.user_id(), id, command->index,
            std::move(command->data),
            [id, reply_id = std::string(envelope.id), place = envelope.place](
                Session& there, std::expected<TransferProgress, Error> progress) {
              const bool faulty = !progress && progress.error().code == ErrorCode::invalid_message;
              if (faulty) progress.error().path.insert(0, batch_prefix(place));
              answer(there, reply_id, id, progress);
              there.judge(faulty);
            });
}

void TransferHandler::end(Session& session, const Envelope& envelope) {
  auto command = parse_transfer_end(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  TransferDesk* desk = session.context_.transfers;
  if (desk == nullptr) return session.reply_error(envelope.id, switched_off());
  desk->finish(RpcHandler::address_of(session), session.user_id(), std::move(command->transfer_id),
               [reply_id = std::string(envelope.id)](Session& there,
                                                     std::expected<std::string, Error> text) {
                 if (!text) return there.reply_error(reply_id, text.error());
                 handle(there, reply_id, std::move(*text));
               });
}

void TransferHandler::answer(Session& session, std::string_view reply_id, std::string_view id,
                             const std::expected<TransferProgress, Error>& progress) {
  if (!progress) return session.reply_error(reply_id, progress.error());
  if (reply_id.empty()) return;
  session.reply(MessageType::ack, reply_id, {},
                transfer_ack_payload({.transfer_id = id,
                                      .next_index = progress->next_index,
                                      .received = progress->received,
                                      .duplicate = progress->duplicate}));
}

void TransferHandler::handle(Session& session, const std::string& id, std::string text) {
  const std::size_t size = text.size();
  if (!text.starts_with('{'))  // not a batch: one transfer is one message
    return session.on_bad_message(
        id, {},
        {.code = ErrorCode::invalid_message, .message = "a transfer holds one JSON object"});
  text.append(kCodecPadding, ' ');
  Carried carried(session, id);
  session.context_.json.decode(std::string_view(text).substr(0, size), carried);
}

}  // namespace tidewire
