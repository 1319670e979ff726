// streams/*: an agent backend writes growing messages with plain requests.

#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/ingest_request.h"
#include "api/json_reply.h"
#include "api/stream_body.h"
#include "session/cancel_handler.h"
#include "session/payloads.h"

namespace tidewire {
namespace {

PublishRequest request_of(const StreamBody& body, ShardIndex shard) {
  return {.channel = body.channel,
          .type = to_name(MessageType::chat_message_chunk),
          .from = {.user_id = body.user_id, .connection_id = {}, .client = {}},
          .shard = shard,
          .delivery = DeliveryClass::stream,
          .message_id = body.message_id,
          .content = body.content,
          .part_id = body.part_id,
          .part_kind = body.part_kind,
          .part_name = body.part_name,
          .generation = body.generation,
          .index = body.index};
}

void publish_piece(Node& node, const PublishRequest& request, RespondFn respond) {
  node.publish(request, [respond = std::move(respond)](const PublishResult& result) mutable {
    if (!result) return respond(body_error_reply(result.error()));
    respond(json_reply(publish_ack_payload(*result)));
  });
}

}  // namespace

void ApiService::stream_open(std::string_view text, RespondFn respond) {
  const auto body = parse_stream_body(text, StreamVerb::open);
  if (!body) return respond(error_reply(body.error()));
  PublishRequest request = request_of(*body, parts_.node.index());
  request.announces = true;
  publish_piece(parts_.node, request, std::move(respond));
}

void ApiService::stream_append(std::string_view text, RespondFn respond) {
  const auto body = parse_stream_body(text, StreamVerb::append);
  if (!body) return respond(error_reply(body.error()));
  publish_piece(parts_.node, request_of(*body, parts_.node.index()), std::move(respond));
}

void ApiService::stream_complete(std::string_view text, RespondFn respond) {
  const auto body = parse_stream_body(text, StreamVerb::complete);
  if (!body) return respond(error_reply(body.error()));
  PublishRequest request = request_of(*body, parts_.node.index());
  request.complete = true;
  publish_piece(parts_.node, request, std::move(respond));
}

void ApiService::stream_cancel(std::string_view text, RespondFn respond) {
  auto body = parse_stream_body(text, StreamVerb::cancel);
  if (!body) return respond(error_reply(body.error()));
  CancelRequest request{.channel = std::move(body->channel),
                        .message_id = std::move(body->message_id),
                        .cancel = {std::move(body->reason), {std::move(body->user_id), {}, {}}},
                        .permitted = true};
  auto done = [this, respond = std::move(respond), channel = request.channel,
               message_id = request.message_id,
               cancel = request.cancel](const std::expected<CancelAck, Error>& ack) mutable {
    if (!ack) return respond(body_error_reply(ack.error()));
    if (ack->producer)
      CancelHandler::reach({parts_.node.mesh(), parts_.sessions}, *ack->producer, channel,
                           std::move(message_id), std::move(cancel));
    respond(json_reply(cancel_ack_payload(*ack)));
  };
  parts_.node.cancel(std::move(request), std::move(done));
}

void ApiService::stream_status(std::string_view text, RespondFn respond) {
  auto body = parse_stream_body(text, StreamVerb::status);
  if (!body) return respond(error_reply(body.error()));
  parts_.node.stream_status(std::move(body->channel), std::move(body->message_id),
                            [respond = std::move(respond)](const StreamStatus& status) mutable {
                              respond(json_reply(stream_status_text(status)));
                            });
}

/// Requests with a body are taken by ingest() while it arrives.
void ApiService::stream_ingest(std::string_view /*text*/, RespondFn respond) {
  respond(error_reply({.code = ErrorCode::invalid_message,
                       .message = "the body is a text/event-stream; this request has none"}));
}

std::unique_ptr<http::BodySink> ApiService::ingest(const http::Request& request, RespondFn respond,
                                                   std::function<void()> resume) {
  RespondFn counted = count(std::move(respond), "streams/ingest");
  if (!authorized(request)) {
    counted(no_key());
    return nullptr;
  }
  auto query = parse_ingest_query(request.query);
  if (!query) {
    counted(error_reply(query.error()));
    return nullptr;
  }
  auto ingest = std::make_shared<IngestRequest>(parts_, std::move(*query), std::move(counted),
                                                std::move(resume));
  ingest->start();
  return std::make_unique<IngestSink>(std::move(ingest));
}

}  // namespace tidewire
