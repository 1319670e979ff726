#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include <boost/container/small_vector.hpp>

#include "history/channel_history.h"
#include "hub/channel_activity.h"
#include "hub/channel_latest.h"
#include "hub/channel_log.h"
#include "hub/channel_presence.h"
#include "hub/channel_receipts.h"
#include "hub/channel_scope.h"
#include "hub/channel_state.h"
#include "hub/channel_streams.h"
#include "hub/idempotency_cache.h"
#include "hub/publish_request.h"
#include "hub/shard_mesh.h"
#include "hub/subscribe_request.h"

namespace tidewire {

/// The authoritative state of one channel. Its durable stream, growing messages, last values,
/// activity, presence and shared state are its parts. It knows which shards have subscribers and
/// hands each event, in delivery order, to ChannelContext::fan_out.
///
/// Owner:  the ChannelTable of the channel's owner shard; never moved. Thread: that shard's.
class Channel {
 public:
  /// Goes on from `life`, what the store knows of the channel.
  Channel(const NamespaceConfig& options, const ChannelContext& context, ChannelLife life);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Takes one event. Duplicates (by key or by piece index) are answered, not delivered.
  void publish(const PublishRequest& request, PublishDone done);

  /// Adds one subscription of `shard`, at once, and says how the channel stands: when what was
  /// missed has to be read from the store, at a later moment. What is published before that is in
  /// the snapshot.
  void subscribe(const SubscribeRequest& request, ShardIndex shard,
                 std::move_only_function<void(SubscribeSnapshot)> done);
  /// A connection that told of typing or of an agent's work here is gone.
  void connection_gone(std::string_view user_id, std::string_view connection_id);
  void unsubscribe(const Departure& departure, ShardIndex shard);

  void history(const HistoryQuery& query,
               std::move_only_function<void(std::expected<HistoryPage, Error>)> done);

  /// Forgets the durable events and says where the stream stands.
  StreamPosition remove_history();

  void change_state(StateChange change, ChannelState::Done done);
  std::expected<CancelAck, Error> cancel(const CancelRequest& request);
  bool end_stream(const InterruptRequest& request);

  /// What is due by now; called every few seconds.
  void sweep();
  /// What the parts asked to be woken for, when it is due.
  void run_due();

  [[nodiscard]] ChannelPresence& presence() { return presence_; }
  /// The wish of somebody whose publish has been taken before. In a stream that has begun anew the
  /// event is not any more, and the wish ends at once.
  void watch_receipt(ReceiptWatch watch);
  /// A consumer has moved on.
  void move_receipt(const ReceiptMove& move) {
    if (receipts_) receipts_->move(move, log_.top());
  }

  [[nodiscard]] const ChannelPresence& presence() const { return presence_; }
  /// nullptr: the namespace keeps none.
  [[nodiscard]] const ChannelReceipts* receipts() const { return receipts_.get(); }
  [[nodiscard]] const StateTable& state() const { return state_.table(); }
  void read_state(ChannelState::Read read) { state_.read(std::move(read)); }
  [[nodiscard]] const ChannelStreams& streams() const { return streams_; }
  /// Subscriptions per shard.
  using Interest = boost::container::small_vector<std::uint32_t, 4>;
  [[nodiscard]] const Interest& interest() const { return interest_; }
  [[nodiscard]] std::size_t subscribers() const { return subscribers_; }
  [[nodiscard]] const std::string& name() const { return scope_.name; }
  [[nodiscard]] StreamPosition top() const { return log_.top(); }
  [[nodiscard]] std::size_t history_bytes() const { return log_.bytes(); }
  [[nodiscard]] const StoredChannelPtr& stored() const { return scope_.stored; }

  /// Nobody listens and nothing that a later subscriber could ask for is left. Shared state has no
  /// age: a channel that holds some stays.
  [[nodiscard]] bool expired();

 private:
  [[nodiscard]] PublishDone watched(const PublishRequest& request, PublishDone done);
  void publish_fresh(const PublishRequest& request, PublishDone done);
  [[nodiscard]] SubscribeSnapshot snapshot(bool was_recovering, Replay replay) const;
  void touch() { touched_at_ = scope_.now(); }
  void wake_at(MonoMillis due);

  // What every publish looks at comes first: ChannelTable::find prefetches it.
  ChannelScope scope_;
  Interest interest_;
  std::size_t subscribers_ = 0;
  WallMillis touched_at_ = 0;
  MonoMillis due_at_ = 0;  // while the timer waits
  Timer due_timer_;        // before the parts, which may set it when they are made
  ChannelLatest latest_;
  ChannelActivity activity_;
  ChannelStreams streams_;
  ChannelLog log_;
  IdempotencyCache keys_;
  ChannelPresence presence_;
  ChannelState state_;
  std::unique_ptr<ChannelReceipts> receipts_;  // where the namespace keeps them
};

}  // namespace tidewire
