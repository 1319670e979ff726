#include "hub/publication_factory.h"

#include "protocol/events.h"

namespace tidewire {

PublicationHeadPtr make_head(std::string_view channel, std::string_view type, const Sender& from) {
  return std::make_shared<const PublicationHead>(
      PublicationHead{.channel = std::string(channel),
                      .type = std::string(type),
                      .label = type_label(type),
                      .sender = {.user_id = std::string(from.user_id),
                                 .connection_id = std::string(from.connection_id),
                                 .client = std::string(from.client)}});
}

std::shared_ptr<Publication> make_unencoded(PublicationHeadPtr head, const PublishRequest& request,
                                            const PublicationStamp& stamp) {
  auto made = std::make_shared<Publication>();
  made->label = head->label;
  made->head = std::move(head);
  made->delivery = request.delivery;
  made->priority = request.priority;
  made->offset = stamp.position.offset;
  if (made->offset != 0) made->epoch = stamp.position.epoch;
  made->ts = stamp.ts;
  made->echo = request.echo;
  made->key = request.key;
  made->trace = request.trace;
  return made;
}

OutgoingMessage envelope_of(const Publication& event, std::string_view payload, const Sender& from,
                            const Seals& seals) {
  OutgoingMessage message{.type = event.type(),
                          .channel = event.channel(),
                          .payload = payload,
                          .epoch = event.epoch,
                          .ts = event.ts,
                          .priority = told_priority(event.type(), event.priority),
                          .key = event.key,
                          .trace = event.trace,
                          .nonce = seals.nonce,
                          .sig = seals.sig,
                          .enc = seals.enc};
  if (event.offset != 0) message.offset = event.offset;
  if (!from.user_id.empty() || !from.connection_id.empty()) message.from = &from;
  return message;
}

void encode(const Codec& json, Publication& event, std::string_view payload, const Seals& seals) {
  const Sender from = view_of(event.sender());
  const std::string text = json.encode(envelope_of(event, payload, from, seals));
  event.frame = ws::SharedFrame::make(ws::Opcode::text, text);
  // The encoder writes it byte for byte as the last member.
  event.payload_at = event.json().size() - 1 - payload.size();
  event.payload_size = payload.size();
}

std::shared_ptr<Publication> make_publication(const Codec& json, const PublishRequest& request,
                                              const PublicationStamp& stamp) {
  auto made =
      make_unencoded(make_head(request.channel, request.type, request.from), request, stamp);
  encode(json, *made, request.payload, {request.nonce, request.sig, request.enc});
  return made;
}

}  // namespace tidewire
