#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "hub/channel_scope.h"
#include "hub/presence_request.h"
#include "hub/subscribe_request.h"
#include "presence/last_seen.h"
#include "presence/presence_table.h"

namespace tidewire {

/// Who is in one channel, and the events that tell of it.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  ChannelLimits::presence_users; past it a user subscribes but is not counted. Past
///         presence_members (or the namespace's presence_sample) the channel is large: its list is
///         a sample, and `presence_count`, at most one a second, takes the place of join, update
///         and leave. It is small again at three quarters of that.
class ChannelPresence {
 public:
  static constexpr MonoMillis kCountMs = 1'000;

  explicit ChannelPresence(const ChannelScope& scope);

  void join(const SubscribeRequest& request);
  void leave(const Departure& departure);
  /// Error: not_subscribed when the user's session is not in the list.
  std::expected<void, Error> update(const PresenceUpdate& update);
  /// Tells what is due by now; when to call again, if ever.
  std::optional<MonoMillis> run_due();

  [[nodiscard]] PresenceReport report();
  [[nodiscard]] PresenceStats stats() const { return {table_.size(), table_.devices()}; }
  [[nodiscard]] std::size_t size() const { return table_.size(); }
  /// Nobody is here, and nobody is remembered.
  [[nodiscard]] bool idle();

 private:
  void gone(std::string_view user_id);
  void changed(MessageType type, const PresentUser& user);
  void tell(MessageType type, std::string_view slot, std::string_view payload);
  void tell_count();

  const ChannelScope& scope_;
  std::size_t members_max_;
  PresenceTable table_;
  LastSeen last_seen_;
  bool large_ = false;
  bool count_waits_ = false;
  MonoMillis next_count_ = 0;
};

}  // namespace tidewire
