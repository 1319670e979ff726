#include "hub/channel_activity.h"

#include <algorithm>

#include "hub/publication_factory.h"
#include "protocol/events.h"
#include "protocol/replies.h"

namespace tidewire {

void ChannelActivity::typing(const PublishRequest& request) {
  const TypingFields fields = read_typing(request.payload);
  const Who who{std::string(request.from.user_id), fields.session_id};
  const auto known = typing_.find(who);
  const MonoMillis now = scope_.mono();
  const std::int64_t timeout = scope_.options.typing_timeout.count();
  if (!fields.is_typing) {
    if (known != typing_.end()) typing_.erase(known);
    return static_cast<void>(emit(request));
  }
  if (known == typing_.end()) {
    PublicationPtr event = emit(request);
    if (typing_.size() >= scope_.context.limits.typing_users) return;
    typing_.emplace(who, Typing{std::move(event), now, joins_, now + timeout});
  } else {
    Typing& typing = known->second;
    typing.ends_at = now + timeout;
    const bool news = typing.event->payload() != request.payload ||
                      typing.event->sender().connection_id != request.from.connection_id ||
                      typing.told_joins != joins_;
    if (!news && now - typing.told_at < timeout / 2) return;
    typing.event = emit(request);
    typing.told_at = now;
    typing.told_joins = joins_;
  }
  scope_.wake_at(now + timeout);
}

void ChannelActivity::message_by(std::string_view user_id) {
  auto typing = typing_.lower_bound({std::string(user_id), {}});
  while (typing != typing_.end() && typing->first.first == user_id) typing = stop(typing);
}

void ChannelActivity::connection_gone(std::string_view user_id, std::string_view connection_id) {
  auto typing = typing_.lower_bound({std::string(user_id), {}});
  while (typing != typing_.end() && typing->first.first == user_id) {
    const bool of_it = typing->second.event->sender().connection_id == connection_id;
    typing = of_it ? stop(typing) : std::next(typing);
  }
  const PublicationPtr status = latest_.find(to_name(MessageType::agent_status_update), user_id);
  if (!status || status->sender().connection_id != connection_id || !says_active(status->payload()))
    return;
  latest_.publish({.channel = scope_.name,
                   .type = status->type(),
                   .payload = idle_status_payload(),
                   .from = view_of(status->sender()),
                   .delivery = DeliveryClass::latest,
                   .priority = status->priority,
                   .echo = status->echo});
}

std::optional<MonoMillis> ChannelActivity::run_due() {
  const MonoMillis now = scope_.mono();
  std::optional<MonoMillis> due;
  for (auto typing = typing_.begin(); typing != typing_.end();) {
    if (typing->second.ends_at <= now) {
      typing = stop(typing);
    } else {
      due = std::min(due.value_or(typing->second.ends_at), typing->second.ends_at);
      ++typing;
    }
  }
  return due;
}

PublicationPtr ChannelActivity::emit(const PublishRequest& request) {
  PublicationPtr made = make_publication(scope_.context.codec, request, {.ts = scope_.now()});
  scope_.emit(made);
  return made;
}

ChannelActivity::Table::iterator ChannelActivity::stop(Table::iterator typing) {
  const PublicationPtr& event = typing->second.event;
  const std::string payload = typing_payload(typing->first.first, typing->first.second, false);
  static_cast<void>(emit({.channel = scope_.name,
                          .type = event->type(),
                          .payload = payload,
                          .from = view_of(event->sender()),
                          .delivery = event->delivery,
                          .priority = event->priority,
                          .echo = event->echo}));
  return typing_.erase(typing);
}

}  // namespace tidewire
