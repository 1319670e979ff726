#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "base/compact_vector.h"
#include "session/channel_place.h"

namespace tidewire {

/// The channels of one session, by name: most have one or a few, so they stand in a sorted row.
///
/// Owner:  one Session. Thread: its shard's. A place never moves while it is here.
/// Limit:  limits.channels_per_connection, which the caller keeps.
class ChannelPlaces {
 public:
  /// nullptr: not subscribed to `channel`.
  [[nodiscard]] ChannelPlace* find(std::string_view channel) const {
    const auto at = place_of(channel);
    return at == places_.end() || (*at)->channel() != channel ? nullptr : at->get();
  }
  [[nodiscard]] bool contains(std::string_view channel) const { return find(channel) != nullptr; }

  /// The channel has no place yet.
  ChannelPlace& add(std::unique_ptr<ChannelPlace> place) {
    return **places_.insert(place_of(place->channel()), std::move(place));
  }
  /// Gives a place away; nullptr when there is none.
  [[nodiscard]] std::unique_ptr<ChannelPlace> take(std::string_view channel) {
    const auto at = place_of(channel);
    if (at == places_.end() || (*at)->channel() != channel) return nullptr;
    auto place = std::move(*at);
    places_.erase(at);
    return place;
  }
  void clear() { Places().swap(places_); }

  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] bool empty() const { return places_.empty(); }
  [[nodiscard]] auto begin() const { return places_.begin(); }
  [[nodiscard]] auto end() const { return places_.end(); }

 private:
  using Places = CompactVector<std::unique_ptr<ChannelPlace>>;

  [[nodiscard]] Places::iterator place_of(std::string_view channel) {
    return std::ranges::lower_bound(places_, channel, {}, name_of);
  }
  [[nodiscard]] Places::const_iterator place_of(std::string_view channel) const {
    return std::ranges::lower_bound(places_, channel, {}, name_of);
  }
  static std::string_view name_of(const std::unique_ptr<ChannelPlace>& place) {
    return place->channel();
  }

  Places places_;
};

}  // namespace tidewire
