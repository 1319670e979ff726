#include "session/transfer_handler.h"

#include <utility>

#include "protocol/commands.h"
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

/// Takes the one message of a transfer, or its fault.
class Carried final : public EnvelopeSink {
 public:
  Carried(Session& session, std::string_view id) : session_(session), id_(id) {}

  void on_envelope(const Envelope& envelope) override {
    if (!may_be_carried(envelope.type))
      return session_.on_bad_message(id_, envelope.channel,
                                     {.code = ErrorCode::invalid_message,
                                      .message = "a transfer carries an event or an rpc",
                                      .path = "/type"});
    Router::route(session_, envelope);
  }
  void on_bad_message(std::string_view id, std::string_view channel, const Error& error) override {
    session_.on_bad_message(id.empty() ? id_ : id, channel, error);
  }

 private:
  Session& session_;
  std::string_view id_;
};

}  // namespace

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
  desk->add(RpcHandler::address_of(session), session.user_id(), id, command->index,
            std::move(command->data),
            [id, reply_id = std::string(envelope.id)](
                Session& there, const std::expected<TransferProgress, Error>& progress) {
              answer(there, reply_id, id, progress);
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
  if (!id.empty()) session.reply(MessageType::ack, id, {}, ack_payload({}));
  text.append(kCodecPadding, ' ');
  Carried carried(session, id);
  session.context_.json.decode(std::string_view(text).substr(0, size), carried);
}

}  // namespace tidewire
