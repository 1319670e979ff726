// publish and broadcast: events in the name of the server, or of a user that it vouches for.

#include <memory>
#include <utility>

#include "api/api_rates.h"
#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/request_body.h"
#include "protocol/json_writer.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/event_check.h"
#include "session/payloads.h"

namespace tidewire {
namespace {

std::expected<CheckedEvent, Error> check(const PublishBody& body, std::string_view channel,
                                         const ApiParts& parts) {
  const auto name = ChannelName::parse(channel);
  if (!name) return std::unexpected(name.error());
  return check_event({.channel = *name,
                      .options = options_of(parts.config, *name),
                      .type = body.type,
                      .payload = body.payload,
                      .user_id = body.user_id},
                     parts.schemas);
}

PublishRequest request_of(const PublishBody& body, std::string_view channel,
                          const CheckedEvent& event) {
  PublishRequest request{.channel = channel,
                         .type = body.type,
                         .payload = body.payload,
                         .key = body.key,
                         .from = {.user_id = body.user_id, .connection_id = {}, .client = {}},
                         .delivery = event.delivery,
                         .priority = body.priority.value_or(event.priority)};
  if (event.chunk) {
    request.message_id = event.chunk->message_id;
    request.content = event.chunk->content;
    request.part_id = event.chunk->part.id;
    request.part_kind = event.chunk->part.kind;
    request.part_name = event.chunk->part.name;
    request.generation = event.chunk->generation;
    request.index = event.chunk->index.value_or(0);
    request.complete = event.chunk->is_complete;
  }
  return request;
}

/// The answers of a broadcast, in the order of its channels.
struct Gathering {
  std::vector<std::string> results;
  std::size_t missing;
  RespondFn respond;

  void take(std::size_t index, std::string result) {
    results[index] = std::move(result);
    if (--missing > 0) return;
    std::string list = "[";
    for (const std::string& each : results) {
      if (list.size() > 1) list += ',';
      list += each;
    }
    respond(json_reply(JsonObject().raw("results", list + "]").finish()));
  }
};

std::string result_json(const PublishResult& result) {
  if (result) return publish_ack_payload(*result);
  return JsonObject().raw("error", error_payload(result.error())).finish();
}

}  // namespace

void ApiService::publish(std::string_view text, RespondFn respond) {
  const auto body = parse_publish_body(text);
  if (!body) return respond(error_reply(body.error()));
  const std::string& channel = body->channels.front();
  const auto event = check(*body, channel, parts_);
  if (!event) return respond(error_reply(event.error()));
  if (const auto refused = over_rate(parts_, body->channels, body->payload.size()))
    return respond(error_reply(*refused));
  parts_.node.publish(request_of(*body, channel, *event),
                      [respond = std::move(respond)](const PublishResult& result) mutable {
                        if (!result) return respond(error_reply(result.error()));
                        respond(json_reply(publish_ack_payload(*result)));
                      });
}

void ApiService::broadcast(std::string_view text, RespondFn respond) {
  const auto body = parse_broadcast_body(text);
  if (!body) return respond(error_reply(body.error()));
  // Schemas belong to namespaces, so every channel is checked before anything is published.
  std::vector<CheckedEvent> events;
  for (const std::string& channel : body->channels) {
    auto event = check(*body, channel, parts_);
    if (!event) return respond(error_reply(event.error()));
    events.push_back(std::move(*event));
  }
  if (const auto refused = over_rate(parts_, body->channels, body->payload.size()))
    return respond(error_reply(*refused));
  auto gathering = std::make_shared<Gathering>(
      Gathering{std::vector<std::string>(events.size()), events.size(), std::move(respond)});
  for (std::size_t i = 0; i < events.size(); ++i)
    parts_.node.publish(
        request_of(*body, body->channels[i], events[i]),
        [gathering, i](const PublishResult& result) { gathering->take(i, result_json(result)); });
}

}  // namespace tidewire
