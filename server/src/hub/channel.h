#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "history/channel_history.h"
#include "hub/cancel_request.h"
#include "hub/idempotency_cache.h"
#include "hub/publish_request.h"
#include "hub/shard_mesh.h"
#include "hub/state_request.h"
#include "hub/subscribe_request.h"
#include "presence/presence_table.h"
#include "protocol/codec.h"
#include "protocol/replies.h"
#include "state/state_table.h"
#include "stream/stream_table.h"

namespace tidewire {

/// Limits of one channel that come from the whole server's configuration.
struct ChannelLimits {
  std::size_t presence_members = 1'000;
  std::size_t latest_values = 1'000;
  std::size_t idempotency_keys = 10'000;
  StreamLimits streams;
  StateLimits state;
};

/// What a channel needs of its shard to publish.
struct ChannelContext {
  const Codec& codec;  // the JSON form
  const Clock& clock;
  const ChannelLimits& limits;
  HistoryBudget& history_budget;
};

/// The authoritative state of one channel: order, offsets, history, last values, growing messages,
/// presence, shared state, and which shards have subscribers.
///
/// Owner:  the ChannelTable of the channel's owner shard. Thread: that shard's.
/// Output: publish() and the others hand each event to `Emit` in delivery order; the caller fans
///         it out to every shard in interested().
class Channel {
 public:
  using Emit = std::function<void(PublicationPtr)>;

  /// `last_version` is the highest version that the state of an earlier life of the channel had.
  Channel(std::string name, const NamespaceConfig& options, const ChannelContext& context,
          std::uint64_t last_version = 0);

  /// Takes one event. Duplicates (by key or by piece index) are answered, not delivered.
  PublishResult publish(const PublishRequest& request, const Emit& emit);

  /// Adds one subscription of `shard` and says how the channel stands at this moment.
  SubscribeSnapshot subscribe(const SubscribeRequest& request, ShardIndex shard, const Emit& emit);
  void unsubscribe(std::string_view user_id, std::string_view connection_id, ShardIndex shard,
                   const Emit& emit);

  /// nullopt: `since` is of another epoch.
  [[nodiscard]] std::optional<HistoryPage> history(const HistoryQuery& query);
  [[nodiscard]] std::vector<PresentUser> presence() const { return presence_.members(); }

  /// Changes one key of the shared state, tells the subscribers, and says the change's version.
  std::expected<std::uint64_t, Error> change_state(const StateChange& change, const Emit& emit);
  [[nodiscard]] const StateTable& state() const { return state_; }

  /// Ends a growing message: the text so far becomes a durable message with status `cancelled`.
  /// A message that has not begun yet ends at its first piece.
  std::expected<CancelAck, Error> cancel(const CancelRequest& request, const Emit& emit);

  /// Ends growing messages that nobody continues: the text so far becomes a durable message with
  /// status `interrupted`.
  void interrupt_abandoned(const Emit& emit);

  [[nodiscard]] const std::vector<std::uint32_t>& interest() const { return interest_; }
  [[nodiscard]] std::size_t subscribers() const { return subscribers_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] StreamPosition top() const { return history_.top(); }
  [[nodiscard]] std::size_t growing() const { return streams_.size(); }
  [[nodiscard]] std::size_t members() const { return presence_.size(); }
  [[nodiscard]] std::size_t history_bytes() const { return history_.bytes(); }

  /// Nobody listens and nothing that a later subscriber could ask for is left. Shared state has no
  /// age: a channel that holds some stays.
  [[nodiscard]] bool expired();

 private:
  PublishAck publish_fresh(const PublishRequest& request, const Emit& emit);
  PublishAck publish_latest(const PublishRequest& request, const Emit& emit);
  PublishResult publish_piece(const PublishRequest& request, const Emit& emit);
  StreamPosition append_durable(const PublishRequest& request, const Emit& emit);
  StreamPosition end_early(const std::string& message_id, std::string_view status,
                           const Emit& emit);
  StreamPosition finish_message(std::string_view message_id, std::string_view status,
                                const Emit& emit);
  void emit_presence(MessageType type, std::string_view user_id, std::string_view info_json,
                     std::size_t clients, const Emit& emit);
  void tell_state(const StateChange& change, std::uint64_t version, const Emit& emit);
  void remember_sender(const PublishRequest& request);
  [[nodiscard]] PublishRequest piece_request(const PublicationSender& sender) const;
  [[nodiscard]] PublicationPtr make_piece(const ChunkDelivery& piece, PublishRequest request) const;
  [[nodiscard]] PublicationPtr snapshot_piece(const MessageStream& stream) const;

  std::string name_;
  const NamespaceConfig& options_;
  ChannelContext context_;
  ChannelHistory history_;
  IdempotencyCache keys_;
  StreamTable streams_;
  EarlyCancels early_cancels_;
  PresenceTable presence_;
  StateTable state_;
  std::map<std::string, PublicationPtr, std::less<>> state_events_;  // by key, of each that is
  std::map<std::string, PublicationPtr, std::less<>> latest_;        // by type and sender
  std::map<std::string, Producer, std::less<>> stream_senders_;      // by message id
  std::vector<std::uint32_t> interest_;                              // subscriptions per shard
  std::size_t subscribers_ = 0;
  WallMillis touched_at_ = 0;
};

}  // namespace tidewire
