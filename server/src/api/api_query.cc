// history, channels and connections: what is there.

#include <algorithm>
#include <memory>
#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/request_body.h"
#include "protocol/channel_name.h"
#include "protocol/json_writer.h"
#include "session/channel_access.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {
namespace {

std::string summary_json(const ChannelSummary& channel) {
  return JsonObject()
      .text("channel", channel.name)
      .number("subscribers", channel.subscribers)
      .number("members", channel.members)
      .number("streams", channel.streams)
      .text("epoch", channel.top.epoch)
      .number("offset", channel.top.offset)
      .finish();
}

std::string connection_json(const Session& session, MonoMillis now) {
  const ConnectionInfo& info = session.info();
  const ConnectionCounters& counters = session.counters();
  const std::optional<MonoMillis> oldest = session.outbox().oldest();
  return JsonObject()
      .text("connectionId", info.connection_id)
      .text("userId", session.user_id())
      .text("sessionId", session.session_id())
      .text("kind", to_name(info.kind))
      .text("client", info.client)
      .text("address", info.address.to_string())
      .boolean("tls", info.tls)
      .text("protocol", info.proto ? "tidewire.v1.proto" : "tidewire.v1.json")
      .boolean("compressed", info.compressed)
      .number("connectedAt", info.connected_at)
      .number("channels", session.subscriptions())
      .number("messagesReceived", counters.messages_received)
      .number("messagesSent", counters.messages_sent)
      .number("bytesReceived", counters.bytes_received)
      .number("bytesSent", counters.bytes_sent)
      .number("errors", counters.errors)
      .number("dropped", counters.dropped)
      .number("queuedBytes", session.outbox().queued_bytes())
      .number("queuedFrames", session.outbox().queued_frames())
      .number("queueAgeMs", oldest ? now - *oldest : 0)
      .finish();
}

/// The parts of an answer that every shard gives.
struct ShardLists {
  std::vector<std::string> items;
  std::size_t missing;
  std::size_t limit;
  RespondFn respond;

  void take(std::vector<std::string> part) {
    std::ranges::move(part, std::back_inserter(items));
    if (--missing > 0) return;
    const bool complete = items.size() <= limit;
    std::string list = "[";
    for (std::size_t i = 0; i < std::min(limit, items.size()); ++i) {
      if (i > 0) list += ',';
      list += items[i];
    }
    respond(json_reply(JsonObject()
                           .raw("connections", list + "]")
                           .number("total", items.size())
                           .boolean("complete", complete)
                           .finish()));
  }
};

}  // namespace

void ApiService::history(std::string_view text, RespondFn respond) {
  auto body = parse_history_body(text, parts_.config.limits.history_page);
  if (!body) return respond(error_reply(body.error()));
  parts_.node.history(
      std::move(body->channel), std::move(body->query),
      [respond = std::move(respond)](const std::expected<HistoryPage, Error>& page) mutable {
        if (!page) return respond(body_error_reply(page.error()));
        respond(json_reply(history_page_payload(*page)));
      });
}

void ApiService::history_remove(std::string_view text, RespondFn respond) {
  auto channel = parse_channel_body(text);
  if (!channel) return respond(error_reply(channel.error()));
  parts_.node.remove_history(
      std::move(*channel),
      [respond = std::move(respond)](const std::expected<StreamPosition, Error>& top) mutable {
        if (!top) return respond(error_reply(top.error()));
        respond(json_reply(
            JsonObject().text("epoch", top->epoch).number("offset", top->offset).finish()));
      });
}

void ApiService::receipts(std::string_view text, RespondFn respond) {
  auto body = parse_receipts_body(text);
  if (!body) return respond(error_reply(body.error()));
  const auto name = ChannelName::parse(body->channel);
  if (!name || !options_of(parts_.config, *name).receipts)
    return respond(error_reply({.code = ErrorCode::unsupported,
                                .message = "this namespace keeps no receipts",
                                .path = "/channel"}));
  parts_.node.receipts(std::move(body->channel), body->offset,
                       [respond = std::move(respond)](const ReceiptList& list) mutable {
                         respond(json_reply(receipt_list_payload(list)));
                       });
}

void ApiService::channels(std::string_view text, RespondFn respond) {
  const auto body = parse_list_body(text);
  if (!body) return respond(error_reply(body.error()));
  parts_.node.list_channels(
      body->prefix, body->limit + 1,
      [limit = body->limit,
       respond = std::move(respond)](std::vector<ChannelSummary> channels) mutable {
        std::ranges::sort(channels, {}, &ChannelSummary::name);
        const bool complete = channels.size() <= limit;
        if (channels.size() > limit) channels.resize(limit);
        std::string list = "[";
        for (const ChannelSummary& channel : channels) {
          if (list.size() > 1) list += ',';
          list += summary_json(channel);
        }
        respond(json_reply(
            JsonObject().raw("channels", list + "]").boolean("complete", complete).finish()));
      });
}

void ApiService::connections(std::string_view text, RespondFn respond) {
  const auto body = parse_list_body(text);
  if (!body) return respond(error_reply(body.error()));
  auto lists = std::make_shared<ShardLists>(
      ShardLists{{}, parts_.sessions.size(), body->limit, std::move(respond)});
  ShardMesh& mesh = parts_.node.mesh();
  for (ShardIndex shard = 0; shard < parts_.sessions.size(); ++shard) {
    mesh.post(shard, [sessions = parts_.sessions[shard], user = body->user_id, lists, &mesh,
                      home = parts_.node.index()] {
      std::vector<std::string> part;
      sessions->for_each([&](const Session& session) {
        if (user.empty() || session.user_id() == user)
          part.push_back(connection_json(session, session.now_ms()));
      });
      mesh.post(home, [part = std::move(part), lists]() mutable { lists->take(std::move(part)); });
    });
  }
}

}  // namespace tidewire
