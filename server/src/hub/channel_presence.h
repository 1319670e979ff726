#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hub/channel_scope.h"
#include "hub/subscribe_request.h"
#include "presence/presence_table.h"

namespace tidewire {

/// Who is in one channel, and the events that tell of it.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  ChannelLimits::presence_members; past it a user subscribes but is not listed.
class ChannelPresence {
 public:
  explicit ChannelPresence(const ChannelScope& scope)
      : scope_(scope), table_(scope.context.limits.presence_members) {}

  void join(const SubscribeRequest& request);
  void leave(const Departure& departure);
  /// Tells of those who are gone by now; when to call again, if ever.
  std::optional<MonoMillis> run_due();

  [[nodiscard]] std::vector<PresentUser> members() const { return table_.members(); }
  [[nodiscard]] std::size_t size() const { return table_.size(); }

 private:
  void tell(MessageType type, std::string_view user_id, std::string_view info_json,
            std::size_t clients);

  const ChannelScope& scope_;
  PresenceTable table_;
};

}  // namespace tidewire
