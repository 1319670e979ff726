#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "hub/channel_scope.h"
#include "hub/state_request.h"

namespace tidewire {

/// The shared state of one channel, and the events that tell of its changes.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  ChannelLimits::state.
class ChannelState {
 public:
  /// `last_version` is the highest version that the state of an earlier life of the channel had.
  ChannelState(const ChannelScope& scope, std::uint64_t last_version)
      : scope_(scope), table_(scope.context.limits.state, last_version) {}

  /// Changes one key, tells the subscribers, and says the change's version.
  std::expected<std::uint64_t, Error> change(const StateChange& change);

  /// The event of each key that is, for who joins now.
  void add_to(std::vector<PublicationPtr>& snapshot) const;
  [[nodiscard]] const StateTable& table() const { return table_; }

 private:
  void tell(const StateChange& change, std::uint64_t version);

  const ChannelScope& scope_;
  StateTable table_;
  std::map<std::string, PublicationPtr, std::less<>> events_;  // by key, of each that is
};

}  // namespace tidewire
