#include "hub/channel_latest.h"

#include "hub/publication_factory.h"

namespace tidewire {
namespace {

/// A slot names what a later event replaces: the newest of one type by one sender.
std::string slot_of(std::string_view type, std::string_view user_id) {
  std::string slot(type);
  return slot.append(1, '\0').append(user_id);
}

}  // namespace

void ChannelLatest::publish(const PublishRequest& request) {
  auto made = make_publication(scope_.context.codec, request, {.ts = scope_.now()});
  made->slot = slot_of(request.type, request.from.user_id);
  const auto found = newest_.find(made->slot);
  if (found != newest_.end()) {
    const Publication& before = *found->second;
    made->priority_varies = before.priority_varies || before.priority != made->priority;
    found->second = made;
  } else if (newest_.size() < scope_.context.limits.latest_values) {
    newest_.emplace(made->slot, made);
  }
  scope_.emit(std::move(made));
}

PublicationPtr ChannelLatest::find(std::string_view type, std::string_view user_id) const {
  const auto found = newest_.find(slot_of(type, user_id));
  return found == newest_.end() ? nullptr : found->second;
}

void ChannelLatest::add_to(std::vector<PublicationPtr>& snapshot) const {
  for (const auto& [slot, publication] : newest_) snapshot.push_back(publication);
}

}  // namespace tidewire
