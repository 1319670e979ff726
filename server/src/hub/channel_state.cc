#include "hub/channel_state.h"

#include <algorithm>
#include <utility>

#include "hub/publication_factory.h"
#include "protocol/replies.h"

namespace tidewire {

ChannelState::ChannelState(const ChannelScope& scope, std::uint64_t last_version,
                           const std::vector<StoredState>& kept)
    : scope_(scope), table_(scope.context.limits.state, last_version) {
  for (const StoredState& each : kept) {
    table_.restore(each.key, each.json, each.version, each.expires_at);
    (void)remember({.key = each.key,
                    .value_json = each.json,
                    .from = each.from,
                    .expires_at = each.expires_at},
                   each.version);
    if (each.expires_at != 0) scope_.wake_at(scope_.mono() + each.expires_at - scope_.now());
  }
}

void ChannelState::change(StateChange change, Done done) {
  if (waiting_.size() >= kWaitingMax)
    return done(fail(ErrorCode::overloaded, "too many changes of this state wait for the store"));
  if (change.ttl_ms > 0) change.expires_at = scope_.now() + change.ttl_ms;
  waiting_.push_back({std::move(change), std::move(done)});
  store_next();
}

void ChannelState::read(Read read) {
  if (waiting_.empty()) return read(&table_);
  if (waiting_.size() >= kWaitingMax)
    return read(fail(ErrorCode::overloaded, "too many changes of this state wait for the store"));
  waiting_.push_back({.change = {}, .done = nullptr, .read = std::move(read)});
}

std::optional<MonoMillis> ChannelState::run_due() {
  const WallMillis now = scope_.now();
  for (const std::string& key : table_.due(now))
    if (!expiring_.contains(key)) expire(key);
  const auto next = table_.next_due(now);
  if (!next) return std::nullopt;
  return scope_.mono() + (*next - now);
}

void ChannelState::expire(const std::string& key) {
  expiring_.insert(key);
  // Whoever sets the key meanwhile was first: then there is nothing to take away.
  waiting_.push_back({{.key = key, .if_version = table_.find(key)->version, .expiry = true},
                      [this, key](const std::expected<StateChanged, Error>& result) {
                        expiring_.erase(key);
                        if (!result && result.error().code != ErrorCode::conflict)
                          scope_.wake_at(scope_.mono() + kRetryMs);
                      }});
  store_next();
}

ChannelState::Waiting ChannelState::take_first() {
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  return first;
}

void ChannelState::store_next() {
  while (!storing_ && !waiting_.empty()) {
    if (waiting_.front().read) {
      take_first().read(&table_);
      continue;
    }
    auto refused = refusal(waiting_.front().change);
    if (!refused) {
      storing_ = true;
      const auto queued = store(waiting_.front().change);
      if (queued) continue;
      storing_ = false;
      refused = queued.error();
    }
    take_first().done(std::unexpected(std::move(*refused)));
  }
}

std::optional<Error> ChannelState::refusal(const StateChange& change) const {
  return change.value_json ? table_.set_refusal(change.key, *change.value_json, change.if_version)
                           : table_.erase_refusal(change.key, change.if_version);
}

std::expected<void, Error> ChannelState::store(const StateChange& change) {
  const std::uint64_t version = table_.last_version() + 1;
  StoreChange stored = StateEraseChange{.key = change.key, .version = version};
  if (change.value_json)
    stored = StateSetChange{{.key = change.key,
                             .json = *change.value_json,
                             .version = version,
                             .expires_at = change.expires_at,
                             .from = change.from}};
  return scope_.context.store.write(
      scope_.stored, std::move(stored),
      [this](const std::expected<void, Error>& result) { settle(result); });
}

void ChannelState::settle(const std::expected<void, Error>& stored) {
  Waiting next = take_first();
  storing_ = false;
  if (stored) {
    next.done(apply(next.change));
  } else {
    next.done(std::unexpected(stored.error()));
  }
  store_next();
}

StateChanged ChannelState::apply(const StateChange& change) {
  // Nothing has changed since refusal() was asked, so this is not refused.
  const std::uint64_t version = change.value_json ? *table_.set(change.key, *change.value_json,
                                                                std::nullopt, change.expires_at)
                                                  : *table_.erase(change.key, std::nullopt);
  if (change.expires_at != 0)
    scope_.wake_at(scope_.mono() + std::max<WallMillis>(0, change.expires_at - scope_.now()));
  scope_.emit(remember(change, version));
  return {.version = version, .expires_at = change.expires_at};
}

PublicationPtr ChannelState::remember(const StateChange& change, std::uint64_t version) {
  const std::string payload =
      state_changed_payload({.key = change.key,
                             .value_json = change.value_json ? *change.value_json : "",
                             .version = version,
                             .expires_at_ms = change.expires_at},
                            change.expiry ? "expired" : "");
  const PublishRequest event{.channel = scope_.name,
                             .type = to_name(MessageType::state_changed),
                             .payload = payload,
                             .from = view_of(change.from),
                             .delivery = DeliveryClass::latest};
  auto made = make_publication(scope_.context.codec, event, {.ts = scope_.now()});
  made->slot = std::string("state").append(1, '\0').append(change.key);
  made->lossless = true;
  if (change.value_json) {
    events_[change.key] = made;
  } else {
    events_.erase(change.key);
  }
  return made;
}

void ChannelState::add_to(std::vector<PublicationPtr>& snapshot) const {
  for (const auto& [key, publication] : events_) snapshot.push_back(publication);
}

}  // namespace tidewire
