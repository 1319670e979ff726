// state/get, state/set, state/delete: the shared state of a channel. The body is the payload of the
// client's command, and the channel.

#include <string>
#include <utility>

#include "api/api_rates.h"
#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/request_body.h"
#include "protocol/commands.h"
#include "session/payloads.h"

namespace tidewire {
namespace {

void change(const ApiParts& parts, StateChange wanted, RespondFn respond) {
  if (const auto refused = over_rate(parts, std::span(&wanted.channel, 1), 0))
    return respond(error_reply(*refused));
  StateEntry written{wanted.key, wanted.value_json.value_or(""), 0};
  parts.node.state_change(std::move(wanted),
                          [written = std::move(written), respond = std::move(respond)](
                              std::expected<StateChanged, Error> changed) mutable {
                            if (!changed)
                              return respond(body_error_reply(std::move(changed.error())));
                            if (!written.value_json.empty()) {
                              written.version = changed->version;
                              written.expires_at = changed->expires_at;
                            }
                            respond(json_reply(state_entry_payload(written)));
                          });
}

}  // namespace

void ApiService::state_get(std::string_view text, RespondFn respond) {
  auto channel = parse_channel_body(text);
  if (!channel) return respond(error_reply(channel.error()));
  auto command = parse_state_get(text);
  if (!command) return respond(body_error_reply(std::move(command.error())));
  parts_.node.state_get(*channel, command->key,
                        [key = command->key, respond = std::move(respond)](
                            const std::expected<std::vector<StateEntry>, Error>& entries) mutable {
                          if (!entries) return respond(body_error_reply(entries.error()));
                          respond(json_reply(state_entries_payload(key, *entries)));
                        });
}

void ApiService::state_set(std::string_view text, RespondFn respond) {
  auto channel = parse_channel_body(text);
  if (!channel) return respond(error_reply(channel.error()));
  auto command = parse_state_set(text);
  if (!command) return respond(body_error_reply(std::move(command.error())));
  change(parts_,
         {.channel = std::move(*channel),
          .key = std::move(command->key),
          .value_json = std::string(command->value),
          .if_version = command->if_version,
          .ttl_ms = static_cast<std::int64_t>(command->ttl_ms)},
         std::move(respond));
}

void ApiService::state_delete(std::string_view text, RespondFn respond) {
  auto channel = parse_channel_body(text);
  if (!channel) return respond(error_reply(channel.error()));
  auto command = parse_state_delete(text);
  if (!command) return respond(body_error_reply(std::move(command.error())));
  change(parts_,
         {.channel = std::move(*channel),
          .key = std::move(command->key),
          .if_version = command->if_version},
         std::move(respond));
}

}  // namespace tidewire
