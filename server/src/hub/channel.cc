#include "hub/channel.h"

#include <algorithm>
#include <utility>

#include "hub/publication_factory.h"
#include "hub/stored_key.h"

namespace tidewire {
namespace {

constexpr std::int64_t kIdleMsMin = 60'000;

}  // namespace

Channel::Channel(const NamespaceConfig& options, const ChannelContext& context, ChannelLife life)
    : scope_{
          life.channel->name,
          options,
          context,
          life.channel,
          [this](const PublicationPtr& publication) { scope_.context.fan_out(*this, publication); },
          [this](MonoMillis due) { wake_at(due); }},
      touched_at_(scope_.now()),
      due_timer_([](void* self) { static_cast<Channel*>(self)->run_due(); }, this),
      latest_(scope_),
      activity_(scope_, latest_),
      streams_(scope_, [this](const PublishRequest& whole,
                              PublishDone done) { log_.append_surely(whole, std::move(done)); }),
      log_(scope_, life),
      keys_(context.limits.idempotency_keys, options.idempotency_window.count()),
      presence_(scope_),
      state_(scope_, life.state_version, life.state),
      receipts_(options.receipts ? std::make_unique<ChannelReceipts>(scope_, life.cursors)
                                 : nullptr) {
  for (const StoredKey& each : life.keys) {
    if (auto ended = ended_stream(each)) {
      streams_.restore(std::move(*ended));
    } else {
      keys_.restore(each.user_id, each.key,
                    {.position = StreamPosition{scope_.stored->epoch, each.offset}},
                    each.expires_at);
    }
  }
}

void Channel::wake_at(MonoMillis due) {
  if (due_timer_.waiting() && due_at_ <= due) return;
  due_at_ = due;
  scope_.context.timers.schedule(due_timer_, due);
}

void Channel::run_due() {
  for (const auto& next :
       {activity_.run_due(), presence_.run_due(), state_.run_due(), streams_.run_due(),
        receipts_ ? receipts_->run_due() : std::optional<MonoMillis>()})
    if (next) wake_at(*next);
}

void Channel::publish(const PublishRequest& request, PublishDone done) {
  touch();
  if (!activity_.idle() && request.type == to_name(MessageType::chat_message))
    activity_.message_by(request.from.user_id);
  if (receipts_ && request.receipt) {
    if (auto refused = receipts_->refusal()) return done(std::unexpected(std::move(*refused)));
    done = watched(request, std::move(done));
  }
  // A piece has its index; only a key that was given makes it known to the cache too.
  std::string key =
      request.delivery == DeliveryClass::stream ? std::string(request.key) : key_of(request);
  if (key.empty()) return publish_fresh(request, std::move(done));
  if (auto known = keys_.find(request.from.user_id, key, touched_at_))
    return done(std::move(*known));
  if (keys_.in_flight(request.from.user_id, key))
    return keys_.wait(request.from.user_id, key, std::move(done));
  keys_.begin(request.from.user_id, key);
  publish_fresh(request, [this, user_id = std::string(request.from.user_id), key = std::move(key),
                          done = std::move(done)](PublishResult result) mutable {
    auto waiting = keys_.settle(user_id, key, result, scope_.now());
    if (result) {
      PublishAck again = *result;
      again.duplicate = true;
      for (PublishDone& each : waiting) each(again);
    } else {
      for (PublishDone& each : waiting) each(result);
    }
    done(std::move(result));
  });
}

/// `done`, and behind it the watch for the receipts that the publisher wants.
PublishDone Channel::watched(const PublishRequest& request, PublishDone done) {
  return [this, wish = request.receipt, publisher = std::string(request.from.user_id),
          done = std::move(done)](PublishResult result) mutable {
    const auto position = result ? result->position : std::nullopt;
    done(std::move(result));
    if (position) receipts_->watch(*position, std::move(publisher), std::move(wish));
  };
}

void Channel::watch_receipt(ReceiptWatch watch) {
  if (!receipts_ || watch.position.epoch != log_.top().epoch) return watch.give_up();
  receipts_->watch(watch.position, std::move(watch.publisher), std::move(watch.wish));
}

void Channel::publish_fresh(const PublishRequest& request, PublishDone done) {
  switch (request.delivery) {
    case DeliveryClass::durable:
      return log_.append(request, std::move(done));
    case DeliveryClass::latest:
      latest_.publish(request);
      return done(PublishAck{});
    case DeliveryClass::ephemeral:
      if (request.type != to_name(MessageType::user_typing)) break;
      activity_.typing(request);
      return done(PublishAck{});
    case DeliveryClass::stream:
      return streams_.publish(request, std::move(done));
  }
  scope_.emit(make_publication(scope_.context.codec, request, {.ts = touched_at_}));
  done(PublishAck{});
}

std::expected<CancelAck, Error> Channel::cancel(const CancelRequest& request) {
  touch();
  return streams_.cancel(request);
}

bool Channel::end_stream(const InterruptRequest& request) {
  touch();
  return streams_.end(request);
}

void Channel::change_state(StateChange change, ChannelState::Done done) {
  touch();
  state_.change(std::move(change), std::move(done));
}

void Channel::subscribe(const SubscribeRequest& request, ShardIndex shard,
                        std::move_only_function<void(SubscribeSnapshot)> done) {
  touch();
  if (interest_.size() <= shard) interest_.resize(shard + 1U, 0);
  // Joining comes before the interest is counted, so nobody is told of their own arrival.
  presence_.join(request);
  if (receipts_) receipts_->join(request.user_id);
  activity_.joined();
  ++interest_[shard];
  ++subscribers_;
  log_.replay(request.since, request.history,
              [this, was_recovering = request.since.has_value(), done = std::move(done)](
                  Replay replay) mutable { done(snapshot(was_recovering, std::move(replay))); });
}

SubscribeSnapshot Channel::snapshot(bool was_recovering, Replay replay) const {
  SubscribeSnapshot snapshot{.position = log_.top(),
                             .recovered = replay.complete,
                             .was_recovering = was_recovering,
                             .publications = std::move(replay.publications),
                             .streams = streams_.snapshots()};
  latest_.add_to(snapshot.latest);
  state_.add_to(snapshot.latest);
  if (receipts_) receipts_->add_to(snapshot.latest);
  return snapshot;
}

void Channel::connection_gone(std::string_view user_id, std::string_view connection_id) {
  touch();
  activity_.connection_gone(user_id, connection_id);
}

void Channel::unsubscribe(const Departure& departure, ShardIndex shard) {
  touch();
  --interest_[shard];
  --subscribers_;
  presence_.leave(departure);
  if (receipts_) receipts_->leave(departure.user_id);
}

void Channel::history(const HistoryQuery& query,
                      std::move_only_function<void(std::expected<HistoryPage, Error>)> done) {
  log_.page(query, [this, done = std::move(done)](
                       std::expected<std::vector<PublicationPtr>, Error> page) mutable {
    if (!page) return done(std::unexpected(std::move(page.error())));
    done(HistoryPage{log_.top(), std::move(*page)});
  });
}

StreamPosition Channel::remove_history() {
  touch();
  log_.remove_all();
  return log_.top();
}

void Channel::sweep() {
  streams_.interrupt_abandoned();
  log_.sweep();
}

bool Channel::expired() {
  const bool streams_idle = streams_.idle();
  const std::int64_t kept_ms = std::max(kIdleMsMin, scope_.options.history_ttl.count());
  const bool waited_for = receipts_ && receipts_->waits() > 0;
  return subscribers_ == 0 && !waited_for && activity_.idle() && presence_.idle() && streams_idle &&
         log_.empty() && state_.empty() && keys_.none_in_flight() &&
         scope_.now() - touched_at_ > kept_ms;
}

}  // namespace tidewire
