#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/cancel_request.h"
#include "hub/cancel_watches.h"
#include "hub/channel_table.h"
#include "hub/hub.h"
#include "hub/presence_request.h"
#include "hub/publish_request.h"
#include "hub/shard_mesh.h"
#include "hub/state_request.h"
#include "hub/stream_status.h"
#include "hub/subscribe_request.h"

namespace tidewire {

/// A channel as the server API lists it.
struct ChannelSummary {
  std::string name;
  std::size_t subscribers = 0;
  std::size_t members = 0;
  std::size_t streams = 0;
  StreamPosition top;
};

/// What one shard's Node is made of.
struct NodeParts {
  ShardIndex index = 0;
  ShardMesh& mesh;
  const Config& config;
  const Codec& json;
  const Clock& clock;
  TimerWheel& timers;
  const ChannelLimits& limits;
  const WireForms& forms;
  ServerMetrics& metrics;
  HistoryStore& store;
};

/// One shard's door to all channels, wherever they are owned: the request goes to the owner shard,
/// the answer comes back here.
///
/// Owner:  one per shard. Thread: the shard's; every callback runs on it too, at once when the
///         channel is owned here. A callback may run after its session is gone, so it must hold a
///         weak reference.
/// Order:  requests from one shard about one channel take effect in the order they were made, and
///         an answer to subscribe() comes before any event published after it.
class Node {
 public:
  template <typename Result>
  using Done = std::move_only_function<void(Result)>;

  explicit Node(const NodeParts& parts);

  /// Tells each node of the others; before any shard runs. `nodes[i]` is shard i's.
  void connect(std::vector<Node*> nodes) { nodes_ = std::move(nodes); }

  void publish(const PublishRequest& request, PublishDone done);
  /// A producer that watches (cancel_watches()) is told; one with a connection is the caller's
  /// matter.
  void cancel(CancelRequest request, Done<std::expected<CancelAck, Error>> done);
  /// False: the message was not there any more.
  void end_stream(InterruptRequest request, Done<bool> done);
  /// `message_id` empty: all of the channel.
  void stream_status(std::string channel, std::string message_id, Done<StreamStatus> done);
  /// Of this shard's producers without a connection.
  [[nodiscard]] CancelWatches& cancel_watches() { return cancel_watches_; }

  /// Links `subscription` and asks for the channel's snapshot. `done` must hub().activate() it (or
  /// unsubscribe() on an error).
  void subscribe(Subscription& subscription, SubscribeRequest request,
                 Done<std::expected<SubscribeSnapshot, Error>> done);
  /// Ends a subscription that subscribe() accepted or has not answered yet. `joined`: false when
  /// subscribe() answered with an error.
  void unsubscribe(Subscription& subscription, std::string user_id, std::string session_id,
                   LeaveKind kind, bool joined = true);

  void history(std::string channel, HistoryQuery query,
               Done<std::expected<HistoryPage, Error>> done);
  /// Forgets a channel's durable events; the answer says where its stream stands.
  void remove_history(std::string channel, Done<std::expected<StreamPosition, Error>> done);
  void presence(std::string channel, Done<PresenceReport> done);
  void presence_stats(std::string channel, Done<PresenceStats> done);
  void presence_update(PresenceUpdate update, Done<std::expected<void, Error>> done);
  /// A connection that published typing or an agent's status in `channel` is gone.
  void connection_gone(std::string channel, std::string user_id, std::string connection_id);

  /// A consumer has processed the channel up to there.
  void acknowledge(ReceiptMove move);
  /// Somebody asks for the receipt of an event that has its place already.
  void watch_receipt(ReceiptWatch watch);
  /// The consumers that have passed `offset`.
  void receipts(std::string channel, std::uint64_t offset, Done<ReceiptList> done);

  /// The key, or all keys when `key` is empty; an unknown one is not in the list.
  void state_get(std::string channel, std::string key,
                 Done<std::expected<std::vector<StateEntry>, Error>> done);
  void state_change(StateChange change, Done<std::expected<StateChanged, Error>> done);

  /// Every channel whose name begins with `prefix`, of all shards, at most `limit` a shard.
  void list_channels(std::string prefix, std::size_t limit, Done<std::vector<ChannelSummary>> done);

  void sweep();

  [[nodiscard]] Hub& hub() { return hub_; }
  [[nodiscard]] ShardIndex index() const { return index_; }
  [[nodiscard]] ShardMesh& mesh() { return mesh_; }

 private:
  /// Runs `work(owner's node)` on the owner shard of `channel` and `done(result)` here.
  template <typename Result>
  void ask(std::string_view channel, std::move_only_function<Result(Node&)> work,
           Done<Result> done);
  /// The same for work that takes its time: it gets what takes its result.
  template <typename Result>
  void ask_later(std::string_view channel, std::move_only_function<void(Node&, Done<Result>)> work,
                 Done<Result> done);

  void publish_here(const PublishRequest& request, PublishDone done);
  void subscribe_here(const SubscribeRequest& request, ShardIndex shard,
                      Done<std::expected<SubscribeSnapshot, Error>> done);
  void unsubscribe_here(const std::string& channel, const Departure& departure, ShardIndex shard);
  std::vector<ChannelSummary> list_here(std::string_view prefix, std::size_t limit);
  void fan_out(const Channel& channel, const PublicationPtr& publication);
  void deliver(const PublicationPtr& publication);

  ShardIndex index_;
  ShardMesh& mesh_;
  ServerMetrics& metrics_;
  Hub hub_;
  CancelWatches cancel_watches_;
  HistoryBudget history_budget_;  // outlives the channels
  ChannelTable channels_;
  std::vector<Node*> nodes_;
};

}  // namespace tidewire
