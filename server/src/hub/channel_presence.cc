#include "hub/channel_presence.h"

#include "hub/publication_factory.h"
#include "protocol/replies.h"

namespace tidewire {

void ChannelPresence::join(const SubscribeRequest& request) {
  if (!scope_.options.presence) return;
  const auto change =
      table_.join(request.user_id, request.session_id, request.info_json, scope_.now());
  if (change == PresenceTable::Change::first_device)
    tell(MessageType::presence_join, request.user_id, request.info_json, 1);
}

void ChannelPresence::leave(const Departure& departure) {
  if (!scope_.options.presence) return;
  const MonoMillis gone_at = scope_.mono() + scope_.context.limits.presence_grace_ms;
  const auto change =
      table_.leave(departure.user_id, departure.session_id, departure.kind, gone_at);
  if (change == PresenceTable::Change::last_device)
    tell(MessageType::presence_leave, departure.user_id, {}, 0);
  if (change == PresenceTable::Change::lingering) scope_.wake_at(gone_at);
}

std::optional<MonoMillis> ChannelPresence::run_due() {
  for (const std::string& user_id : table_.expire(scope_.mono()))
    tell(MessageType::presence_leave, user_id, {}, 0);
  return table_.next_due();
}

void ChannelPresence::tell(MessageType type, std::string_view user_id, std::string_view info_json,
                           std::size_t clients) {
  if (!scope_.options.join_leave) return;
  const std::string payload = presence_change_payload(
      {.user_id = user_id, .clients = clients, .info_json = info_json, .since_ms = std::nullopt});
  const PublishRequest event{.channel = scope_.name,
                             .type = to_name(type),
                             .payload = payload,
                             .delivery = DeliveryClass::latest,
                             .priority = Priority::low};
  auto made = make_publication(scope_.context.codec, event, {.ts = scope_.now()});
  made->slot = std::string("presence").append(1, '\0').append(user_id);
  scope_.emit(std::move(made));
}

}  // namespace tidewire
