#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "hub/roll_up.h"
#include "hub/subscription.h"
#include "observability/server_metrics.h"

namespace tidewire {

/// The subscriptions of one channel on one shard, and what waits to be handed to them.
struct Topic {
  std::string channel;
  std::vector<Subscription*> subscriptions;
  std::vector<Rendering> pending;
  std::vector<std::unique_ptr<RollUp>> roll_ups;  // one for each StreamMode in use
  bool dirty = false;
};

/// Who listens on this shard: channel -> local subscriptions.
///
/// Owner:  one per shard. Thread: the shard's.
/// Time:   what is delivered in one turn is collected and handed over at its end, subscriber by
///         subscriber and not publication by publication, so that a subscriber's memory is fetched
///         once for many. Who joins, leaves or becomes active is up to date: what waits is handed
///         over before.
/// Limit:  kPendingMax publications of a channel wait; then they are handed over at once.
class Hub {
 public:
  static constexpr std::size_t kPendingMax = 256;

  Hub(const RollUpContext& context, ServerMetrics& metrics)
      : context_(context), metrics_(metrics) {}

  /// `ask` is called when something begins to wait; whoever sets it calls flush() before the turn
  /// ends. Without it everything is handed over at once.
  void collect(std::function<void()> ask) { ask_ = std::move(ask); }

  void add(Subscription& subscription);
  void remove(Subscription& subscription);
  /// From now on `subscription` gets what comes after `offset`. `growing` holds the text so far of
  /// each message that grows.
  void activate(Subscription& subscription, std::uint64_t offset, StreamMode mode = {},
                std::span<const PublicationPtr> growing = {});
  /// Changes how an active subscription gets growing messages; what was held back from it is
  /// handed over first.
  void change_mode(Subscription& subscription, StreamMode mode);

  /// Nothing more reaches `subscription`, which stays linked; also while the hub delivers to it.
  static void pause(Subscription& subscription) { subscription.active_ = false; }

  /// Takes `publication` for every active subscription of its channel.
  void deliver(const PublicationPtr& publication);
  /// Hands over everything that waits.
  void flush();

  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_; }

 private:
  void flush(Topic& topic);
  void hand_over(std::span<Subscription* const> to, std::span<Rendering> pending);
  void hand_over(RollUp& roll_up);
  void count(const Rendering& rendering, std::size_t reached);
  void flush_due(Topic& topic, RollUp& roll_up);
  RollUp& roll_up_for(Topic& topic, StreamMode mode);
  void join(Subscription& subscription, RollUp& roll_up);
  void leave(Subscription& subscription);

  RollUpContext context_;
  ServerMetrics& metrics_;
  std::function<void()> ask_;
  boost::unordered_flat_map<std::string_view, std::unique_ptr<Topic>, std::hash<std::string_view>>
      topics_;  // keys live in the Topic
  std::vector<Topic*> dirty_;
  std::size_t subscriptions_ = 0;
};

}  // namespace tidewire
