#include "session/merge_index.h"

#include <utility>

#include "hub/piece_fold.h"

namespace tidewire {
namespace {

constexpr std::size_t kPlacesKept = 1024;

std::string merge_name(const Publication& publication, const Subscription* channel) {
  std::string name(reinterpret_cast<const char*>(&channel), sizeof(const Subscription*));
  if (publication.delivery != DeliveryClass::ephemeral)
    return name.append(publication.merge_slot());
  // Ephemeral events have no slot; the newest of one type by one sender is the one that counts.
  name.append(1, '\0').append(publication.type()).append(1, '\0');
  return name.append(publication.sender().user_id);
}

}  // namespace

bool MergeIndex::merges(const Publication& publication, OverflowPolicy policy) {
  switch (publication.delivery) {
    case DeliveryClass::latest:
    case DeliveryClass::stream:
      return true;
    case DeliveryClass::ephemeral:
      return policy == OverflowPolicy::conflate;
    case DeliveryClass::durable:
      break;
  }
  return false;
}

MergeIndex::Found MergeIndex::find(Lanes& lanes, const Publication& publication,
                                   Subscription* channel) {
  if (!places_) return {};
  if (places_->generation != lanes.generation()) {
    reset();
    return {};
  }
  const auto found = places_->by_name.find(merge_name(publication, channel));
  if (found == places_->by_name.end()) return {};
  QueuedFrame* frame = lanes.find(found->second);
  if (frame == nullptr || !frame->mergeable) return {};
  return {frame, found->second.lane};
}

void MergeIndex::remember(const Lanes& lanes, const Publication& publication, Subscription* channel,
                          Lanes::Place place) {
  if (places_ && (places_->generation != lanes.generation() ||
                  places_->by_name.size() > kPlacesKept + 2 * lanes.frames()))
    reset();
  if (!places_) {
    places_ = std::make_unique<Places>();
    places_->generation = lanes.generation();
  }
  places_->by_name[merge_name(publication, channel)] = place;
}

std::optional<std::size_t> merge_into(QueuedFrame& waiting, const PublicationPtr& publication) {
  Mergeable& merged = *waiting.mergeable;
  if (publication->delivery != DeliveryClass::stream) {
    waiting.frame = {};
    merged.publication = publication;
    return publication->cost();
  }
  if (!merged.folded) {
    merged.folded = std::make_unique<Publication>(*merged.publication);
    merged.folded->frame = {};
  }
  if (!fold_piece(*merged.folded, *publication)) {
    if (merged.publication) merged.folded.reset();
    return std::nullopt;
  }
  waiting.frame = {};
  merged.publication.reset();
  return merged.folded->cost();
}

}  // namespace tidewire
