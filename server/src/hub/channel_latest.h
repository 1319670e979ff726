#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hub/channel_scope.h"
#include "hub/publish_request.h"

namespace tidewire {

/// The newest `latest` event of each type and sender in one channel, for late joiners.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  ChannelLimits::latest_values; past it a new slot's events are delivered but not kept.
class ChannelLatest {
 public:
  explicit ChannelLatest(const ChannelScope& scope) : scope_(scope) {}

  void publish(const PublishRequest& request);
  /// The newest of `type` by `user_id`; empty: there is none, or it is not kept.
  [[nodiscard]] PublicationPtr find(std::string_view type, std::string_view user_id) const;
  void add_to(std::vector<PublicationPtr>& snapshot) const;

 private:
  const ChannelScope& scope_;
  std::map<std::string, PublicationPtr, std::less<>> newest_;  // by slot
};

}  // namespace tidewire
