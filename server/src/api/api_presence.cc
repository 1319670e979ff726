// presence and presence_stats: who is in a channel, and how many.

#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/request_body.h"
#include "protocol/commands.h"
#include "protocol/json_writer.h"
#include "session/payloads.h"

namespace tidewire {

void ApiService::presence(std::string_view text, RespondFn respond) {
  auto channel = parse_channel_body(text);
  if (!channel) return respond(error_reply(channel.error()));
  auto command = parse_presence(text);
  if (!command) {
    command.error().path = "/lastSeen";  // the only member that it looks at
    return respond(error_reply(command.error()));
  }
  parts_.node.presence(std::move(*channel),
                       [last_seen = command->last_seen,
                        respond = std::move(respond)](const PresenceReport& report) mutable {
                         respond(json_reply(presence_report_payload(report, last_seen)));
                       });
}

void ApiService::presence_stats(std::string_view text, RespondFn respond) {
  auto channel = parse_channel_body(text);
  if (!channel) return respond(error_reply(channel.error()));
  parts_.node.presence_stats(
      std::move(*channel), [respond = std::move(respond)](const PresenceStats& stats) mutable {
        respond(json_reply(
            JsonObject(48).number("users", stats.users).number("clients", stats.clients).finish()));
      });
}

}  // namespace tidewire
