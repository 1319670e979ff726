#include "hub/channel_state.h"

#include "hub/publication_factory.h"
#include "protocol/replies.h"

namespace tidewire {

std::expected<std::uint64_t, Error> ChannelState::change(const StateChange& change) {
  auto version = change.value_json ? table_.set(change.key, *change.value_json, change.if_version)
                                   : table_.erase(change.key, change.if_version);
  if (version) tell(change, *version);
  return version;
}

void ChannelState::tell(const StateChange& change, std::uint64_t version) {
  const std::string payload =
      state_changed_payload(change.key, change.value_json ? *change.value_json : "", version);
  const PublishRequest event{.channel = scope_.name,
                             .type = to_name(MessageType::state_changed),
                             .payload = payload,
                             .from = view_of(change.from),
                             .delivery = DeliveryClass::latest};
  auto made = make_publication(scope_.context.codec, event, {.ts = scope_.now()});
  made->slot = std::string("state").append(1, '\0').append(change.key);
  made->lossless = true;
  if (change.value_json) {
    events_[change.key] = made;
  } else {
    events_.erase(change.key);
  }
  scope_.emit(std::move(made));
}

void ChannelState::add_to(std::vector<PublicationPtr>& snapshot) const {
  for (const auto& [key, publication] : events_) snapshot.push_back(publication);
}

}  // namespace tidewire
