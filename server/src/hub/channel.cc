#include "hub/channel.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "hub/publication_factory.h"

namespace tidewire {
namespace {

constexpr std::int64_t kIdleMsMin = 60'000;

HistoryLimits history_limits(const NamespaceConfig& options) {
  return {.count_max = options.history_size,
          .bytes_max = options.history_bytes,
          .age_ms_max = options.history_ttl.count()};
}

}  // namespace

Channel::Channel(std::string name, const NamespaceConfig& options, const ChannelContext& context,
                 std::uint64_t last_version)
    : scope_{
          std::move(name), options, context,
          [this](const PublicationPtr& publication) { scope_.context.fan_out(*this, publication); },
          [this](MonoMillis due) { wake_at(due); }},
      history_(history_limits(options), random_id(), &context.history_budget),
      keys_(context.limits.idempotency_keys, options.idempotency_window.count()),
      streams_(scope_, [this](const PublishRequest& whole,
                              PublishDone done) { append_durable(whole, std::move(done)); }),
      latest_(scope_),
      presence_(scope_),
      state_(scope_, last_version),
      touched_at_(scope_.now()),
      due_timer_([](void* self) { static_cast<Channel*>(self)->run_due(); }, this) {}

void Channel::wake_at(MonoMillis due) {
  if (due_timer_.waiting() && due_at_ <= due) return;
  due_at_ = due;
  scope_.context.timers.schedule(due_timer_, due);
}

void Channel::run_due() {
  for (const auto& next : {presence_.run_due()})
    if (next) wake_at(*next);
}

void Channel::publish(const PublishRequest& request, PublishDone done) {
  touch();
  if (request.delivery == DeliveryClass::stream) return streams_.publish(request, std::move(done));
  if (request.key.empty()) return publish_fresh(request, std::move(done));
  if (auto known = keys_.find(request.from.user_id, request.key, touched_at_))
    return done(std::move(*known));
  publish_fresh(request,
                [this, user_id = std::string(request.from.user_id), key = std::string(request.key),
                 done = std::move(done)](PublishResult result) mutable {
                  if (result) keys_.remember(user_id, key, *result, scope_.now());
                  done(std::move(result));
                });
}

void Channel::publish_fresh(const PublishRequest& request, PublishDone done) {
  switch (request.delivery) {
    case DeliveryClass::durable:
      return append_durable(request, std::move(done));
    case DeliveryClass::latest:
      latest_.publish(request);
      return done(PublishAck{});
    case DeliveryClass::ephemeral:
    case DeliveryClass::stream:
      break;
  }
  scope_.emit(make_publication(scope_.context.codec, request, {.ts = touched_at_}));
  done(PublishAck{});
}

void Channel::append_durable(const PublishRequest& request, PublishDone done) {
  const WallMillis now = scope_.now();
  StreamPosition position{history_.epoch(), history_.next_offset()};
  PublicationPtr made =
      make_publication(scope_.context.codec, request, {.position = position, .ts = now});
  history_.append(made, now);
  scope_.emit(std::move(made));
  done(PublishAck{.position = std::move(position)});
}

std::expected<CancelAck, Error> Channel::cancel(const CancelRequest& request) {
  touch();
  return streams_.cancel(request);
}

std::expected<std::uint64_t, Error> Channel::change_state(const StateChange& change) {
  touch();
  return state_.change(change);
}

SubscribeSnapshot Channel::subscribe(const SubscribeRequest& request, ShardIndex shard) {
  touch();
  if (interest_.size() <= shard) interest_.resize(shard + 1U, 0);

  SubscribeSnapshot snapshot{.position = history_.top(),
                             .was_recovering = request.since.has_value()};
  if (request.since) {
    if (auto missed = history_.recover(*request.since, touched_at_)) {
      snapshot.recovered = true;
      snapshot.publications = std::move(*missed);
    }
  } else {
    snapshot.publications = history_.newest(request.history, touched_at_);
  }
  latest_.add_to(snapshot.latest);
  state_.add_to(snapshot.latest);
  snapshot.streams = streams_.snapshots();

  // Joining comes before the interest is counted, so nobody is told of their own arrival.
  presence_.join(request);
  ++interest_[shard];
  ++subscribers_;
  return snapshot;
}

void Channel::unsubscribe(const Departure& departure, ShardIndex shard) {
  touch();
  --interest_[shard];
  --subscribers_;
  presence_.leave(departure);
}

std::optional<HistoryPage> Channel::history(const HistoryQuery& query) {
  auto page = history_.page(query, scope_.now());
  if (!page) return std::nullopt;
  return HistoryPage{history_.top(), std::move(*page)};
}

bool Channel::expired() {
  const WallMillis now = scope_.now();
  history_.trim(now);
  const bool streams_idle = streams_.idle();
  const std::int64_t kept_ms = std::max(kIdleMsMin, scope_.options.history_ttl.count());
  return subscribers_ == 0 && presence_.size() == 0 && streams_idle && history_.empty() &&
         state().empty() && now - touched_at_ > kept_ms;
}

}  // namespace tidewire
