#include "hub/publication_factory.h"

#include "protocol/events.h"

namespace tidewire {

std::shared_ptr<Publication> make_unencoded(const PublishRequest& request,
                                            const PublicationStamp& stamp) {
  auto made = std::make_shared<Publication>();
  made->channel = request.channel;
  made->type = request.type;
  made->label = type_label(request.type);
  made->delivery = request.delivery;
  made->priority = request.priority;
  made->offset = stamp.position.offset;
  if (made->offset != 0) made->epoch = stamp.position.epoch;
  made->ts = stamp.ts;
  made->echo = request.echo;
  made->sender = {std::string(request.from.user_id), std::string(request.from.connection_id),
                  std::string(request.from.client)};
  made->key = request.key;
  made->trace = request.trace;
  return made;
}

std::shared_ptr<Publication> make_publication(const Codec& json, const PublishRequest& request,
                                              const PublicationStamp& stamp) {
  OutgoingMessage message{.type = request.type,
                          .channel = request.channel,
                          .payload = request.payload,
                          .ts = stamp.ts,
                          .priority = told_priority(request.type, request.priority),
                          .key = request.key,
                          .trace = request.trace,
                          .nonce = request.nonce,
                          .sig = request.sig,
                          .enc = request.enc};
  if (stamp.position.offset != 0) {
    message.offset = stamp.position.offset;
    message.epoch = stamp.position.epoch;
  }
  if (!request.from.user_id.empty() || !request.from.connection_id.empty())
    message.from = &request.from;

  auto made = make_unencoded(request, stamp);
  made->frame = ws::SharedFrame::make(ws::Opcode::text, json.encode(message));
  // The encoder writes `payload` once, byte for byte, and nothing that it writes before can hold
  // this text: types and channels have no quotes.
  constexpr std::string_view kKey = R"("payload":)";
  made->payload_at = made->json().find(kKey) + kKey.size();
  made->payload_size = request.payload.size();
  return made;
}

}  // namespace tidewire
