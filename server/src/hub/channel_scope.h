#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/timer_wheel.h"
#include "config/config.h"
#include "history/channel_history.h"
#include "history/history_store.h"
#include "observability/server_metrics.h"
#include "protocol/codec.h"
#include "state/state_table.h"
#include "stream/stream_table.h"

namespace tidewire {

class Channel;

/// Limits of one channel that come from the whole server's configuration.
struct ChannelLimits {
  std::size_t presence_members = 1'000;
  std::size_t presence_users = 100'000;
  std::size_t presence_last_seen = 100;
  MonoMillis presence_grace_ms = 15'000;
  std::size_t typing_users = 100;
  std::size_t receipt_consumers = 1'000;
  MonoMillis receipt_timeout_ms = 60'000;
  std::size_t latest_values = 1'000;
  std::size_t idempotency_keys = 10'000;
  StreamLimits streams;
  StateLimits state;
};

/// What the channels of one shard share.
struct ChannelContext {
  const Codec& codec;  // the JSON form
  const Clock& clock;
  TimerWheel& timers;
  ServerMetrics& metrics;
  const ChannelLimits& limits;
  HistoryBudget& history_budget;
  HistoryStore& store;
  /// Brings a publication to every shard in channel.interest().
  std::function<void(const Channel&, const PublicationPtr&)> fan_out;
};

/// What the parts of one channel share: its name, its options, and the way out.
///
/// Owner: the Channel, which outlives its parts. Thread: the channel's owner shard.
struct ChannelScope {
  std::string name;
  const NamespaceConfig& options;
  const ChannelContext& context;
  StoredChannelPtr stored;  // what context.store knows the channel by
  /// Brings an event to the subscribers, in the order of the calls.
  std::function<void(PublicationPtr)> emit;
  /// Asks for Channel::run_due() at `due` or soon after; an earlier wish counts.
  std::function<void(MonoMillis due)> wake_at;

  [[nodiscard]] WallMillis now() const { return context.clock.wall_ms(); }
  [[nodiscard]] MonoMillis mono() const { return context.clock.mono_ms(); }
};

}  // namespace tidewire
