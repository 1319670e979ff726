#include "hub/channel_presence.h"

#include <algorithm>

#include "hub/publication_factory.h"
#include "protocol/replies.h"

namespace tidewire {
namespace {

std::size_t members_max(const ChannelScope& scope) {
  const std::size_t all = scope.context.limits.presence_members;
  const std::size_t sample = scope.options.presence_sample;
  return sample == 0 ? all : std::min(sample, all);
}

}  // namespace

ChannelPresence::ChannelPresence(const ChannelScope& scope)
    : scope_(scope),
      members_max_(members_max(scope)),
      table_(scope.context.limits.presence_users),
      last_seen_(scope.context.limits.presence_last_seen, scope.options.last_seen.count()) {}

void ChannelPresence::join(const SubscribeRequest& request) {
  if (!scope_.options.presence) return;
  using Change = PresenceTable::Change;
  const Change change =
      table_.join(request.user_id, request.session_id, request.info_json, scope_.now());
  if (change == Change::first_device) {
    last_seen_.came_back(request.user_id);
    changed(MessageType::presence_join, *table_.find(request.user_id));
  }
  if (change == Change::another_info)
    changed(MessageType::presence_update, *table_.find(request.user_id));
}

void ChannelPresence::leave(const Departure& departure) {
  if (!scope_.options.presence) return;
  const MonoMillis gone_at = scope_.mono() + scope_.context.limits.presence_grace_ms;
  const auto change =
      table_.leave(departure.user_id, departure.session_id, departure.kind, gone_at);
  if (change == PresenceTable::Change::last_device) gone(departure.user_id);
  if (change == PresenceTable::Change::lingering) scope_.wake_at(gone_at);
}

std::expected<void, Error> ChannelPresence::update(const PresenceUpdate& update) {
  switch (table_.update(update.user_id, update.session_id, update.info_json)) {
    case PresenceTable::Change::unknown:
      return fail(ErrorCode::not_subscribed, "not in the member list of this channel", "/channel");
    case PresenceTable::Change::another_info:
      changed(MessageType::presence_update, *table_.find(update.user_id));
      return {};
    default:  // the same info again
      return {};
  }
}

std::optional<MonoMillis> ChannelPresence::run_due() {
  const MonoMillis now = scope_.mono();
  for (const std::string& user_id : table_.expire(now)) gone(user_id);
  if (count_waits_ && now >= next_count_) tell_count();
  std::optional<MonoMillis> due = table_.next_due();
  if (count_waits_) due = std::min(due.value_or(next_count_), next_count_);
  return due;
}

PresenceReport ChannelPresence::report() {
  last_seen_.trim(scope_.now());
  return {.members = table_.members(members_max_),
          .total = table_.size(),
          .complete = table_.size() <= members_max_,
          .last_seen = last_seen_.list()};
}

bool ChannelPresence::idle() {
  last_seen_.trim(scope_.now());
  return table_.size() == 0 && last_seen_.empty();
}

void ChannelPresence::gone(std::string_view user_id) {
  last_seen_.left(user_id, scope_.now());
  changed(MessageType::presence_leave, {.user_id = std::string(user_id)});
}

void ChannelPresence::changed(MessageType type, const PresentUser& user) {
  if (!scope_.options.join_leave) return;
  const bool was_large = large_;
  large_ = table_.size() > (was_large ? members_max_ * 3 / 4 : members_max_);
  if (large_ || was_large) {
    if (type == MessageType::presence_update) return;
    if (large_ != was_large || scope_.mono() >= next_count_) return tell_count();
    count_waits_ = true;
    return scope_.wake_at(next_count_);
  }
  const std::string payload = presence_change_payload({.user_id = user.user_id,
                                                       .clients = user.clients,
                                                       .info_json = user.info_json,
                                                       .since_ms = std::nullopt});
  tell(type, std::string("presence").append(1, '\0').append(user.user_id), payload);
}

void ChannelPresence::tell_count() {
  count_waits_ = false;
  next_count_ = scope_.mono() + kCountMs;
  tell(MessageType::presence_count, "presence_count",
       presence_count_payload(table_.size(), !large_));
}

void ChannelPresence::tell(MessageType type, std::string_view slot, std::string_view payload) {
  const PublishRequest event{.channel = scope_.name,
                             .type = to_name(type),
                             .payload = payload,
                             .delivery = DeliveryClass::latest,
                             .priority = Priority::low};
  auto made = make_publication(scope_.context.codec, event, {.ts = scope_.now()});
  made->slot = slot;
  scope_.emit(std::move(made));
}

}  // namespace tidewire
