#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "auth/permission_set.h"
#include "base/clock.h"
#include "config/config.h"
#include "history/channel_history.h"
#include "hub/stream_mode.h"
#include "hub/subscription.h"
#include "session/batch_limits.h"
#include "session/consumer_acks.h"

namespace tidewire {

/// A session's place in one channel.
///
/// Owner: the session's ChannelPlaces. A server has as many as all its clients have subscriptions:
///        what the namespace says is read there.
struct ChannelPlace final : Subscription {
  ChannelPlace(Subscriber& subscriber, std::string channel, const NamespaceConfig& in)
      : Subscription(subscriber, std::move(channel)), options(in) {}

  /// How long events may wait for others, without what the client asked for.
  [[nodiscard]] BatchLimits batch() const {
    return {.delay_ms = options.batch_window.count(),
            .messages = options.batch_messages,
            .bytes = options.batch_bytes};
  }

  PermissionSet permissions;
  PermissionSet ceiling = PermissionSet::all();  // what the subscribe hook left
  PermissionSet granted;                         // beside the rules of the connection's token,
  bool by_token : 1 = false;                     // a subscription token allowed it
  bool joined : 1 = true;                        // false: the owner refused
  bool spilled : 1 = false;                      // paused until the client has read what waits
  const NamespaceConfig& options;                // outlives it
  std::shared_ptr<ConsumerAcks> acks;            // with `ack = required` only
  StreamMode mode;                               // as the client asked for growing messages
  WallMillis granted_until = 0;                  // `granted` counts until then
  std::string epoch;                             // once the owner has answered
  std::uint64_t acknowledged = 0;                // the client has processed up to this offset
  std::uint64_t settled = 0;                     // surely on the client's machine
  std::unique_ptr<StreamPosition> stale;         // until then: what it was to recover from
  /// The `id` of the `subscribe`, until the owner has answered. Its address tells this subscription
  /// from a later one of the same channel.
  std::shared_ptr<const std::string> asked;
};

}  // namespace tidewire
