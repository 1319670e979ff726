#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "history/channel_history.h"
#include "hub/channel_latest.h"
#include "hub/channel_presence.h"
#include "hub/channel_scope.h"
#include "hub/channel_state.h"
#include "hub/channel_streams.h"
#include "hub/idempotency_cache.h"
#include "hub/publish_request.h"
#include "hub/shard_mesh.h"
#include "hub/subscribe_request.h"

namespace tidewire {

/// The authoritative state of one channel: order, offsets and history are its own; growing
/// messages, last values, presence and shared state are its parts. It knows which shards have
/// subscribers and hands each event, in delivery order, to ChannelContext::fan_out.
///
/// Owner:  the ChannelTable of the channel's owner shard; never moved. Thread: that shard's.
class Channel {
 public:
  /// `last_version` is the highest version that the state of an earlier life of the channel had.
  Channel(std::string name, const NamespaceConfig& options, const ChannelContext& context,
          std::uint64_t last_version = 0);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Takes one event. Duplicates (by key or by piece index) are answered, not delivered.
  void publish(const PublishRequest& request, PublishDone done);

  /// Adds one subscription of `shard` and says how the channel stands at this moment.
  SubscribeSnapshot subscribe(const SubscribeRequest& request, ShardIndex shard);
  void unsubscribe(const Departure& departure, ShardIndex shard);

  /// nullopt: `since` is of another epoch.
  [[nodiscard]] std::optional<HistoryPage> history(const HistoryQuery& query);

  std::expected<std::uint64_t, Error> change_state(const StateChange& change);
  std::expected<CancelAck, Error> cancel(const CancelRequest& request);

  /// What is due by now; called every few seconds.
  void sweep() { streams_.interrupt_abandoned(); }
  /// What the parts asked to be woken for, when it is due.
  void run_due();

  [[nodiscard]] const ChannelPresence& presence() const { return presence_; }
  [[nodiscard]] const StateTable& state() const { return state_.table(); }
  [[nodiscard]] const ChannelStreams& streams() const { return streams_; }
  [[nodiscard]] const std::vector<std::uint32_t>& interest() const { return interest_; }
  [[nodiscard]] std::size_t subscribers() const { return subscribers_; }
  [[nodiscard]] const std::string& name() const { return scope_.name; }
  [[nodiscard]] StreamPosition top() const { return history_.top(); }
  [[nodiscard]] std::size_t history_bytes() const { return history_.bytes(); }

  /// Nobody listens and nothing that a later subscriber could ask for is left. Shared state has no
  /// age: a channel that holds some stays.
  [[nodiscard]] bool expired();

 private:
  void publish_fresh(const PublishRequest& request, PublishDone done);
  void append_durable(const PublishRequest& request, PublishDone done);
  void touch() { touched_at_ = scope_.now(); }
  void wake_at(MonoMillis due);

  ChannelScope scope_;
  ChannelHistory history_;
  IdempotencyCache keys_;
  ChannelStreams streams_;
  ChannelLatest latest_;
  ChannelPresence presence_;
  ChannelState state_;
  std::vector<std::uint32_t> interest_;  // subscriptions per shard
  std::size_t subscribers_ = 0;
  WallMillis touched_at_ = 0;
  MonoMillis due_at_ = 0;  // while the timer waits
  Timer due_timer_;
};

}  // namespace tidewire
