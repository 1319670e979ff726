#include "hub/idempotency_cache.h"

#include <utility>

namespace tidewire {
namespace {

/// A user id holds no control characters, so the separator cannot occur in it.
std::string name_of(std::string_view user_id, std::string_view key) {
  std::string name;
  name.reserve(user_id.size() + 1 + key.size());
  name.append(user_id).append(1, '\0').append(key);
  return name;
}

}  // namespace

std::optional<PublishAck> IdempotencyCache::find(std::string_view user_id, std::string_view key,
                                                 WallMillis now) {
  forget_old(now);
  const auto found = acks_.find(name_of(user_id, key));
  if (found == acks_.end()) return std::nullopt;
  PublishAck ack = found->second;
  ack.duplicate = true;
  return ack;
}

void IdempotencyCache::begin(std::string_view user_id, std::string_view key) {
  in_flight_.try_emplace(name_of(user_id, key));
}

bool IdempotencyCache::in_flight(std::string_view user_id, std::string_view key) const {
  return !in_flight_.empty() && in_flight_.contains(name_of(user_id, key));
}

void IdempotencyCache::wait(std::string_view user_id, std::string_view key, PublishDone done) {
  auto& waiting = in_flight_.find(name_of(user_id, key))->second;
  if (waiting.size() >= kWaitingMax)
    return done(
        fail(ErrorCode::overloaded, "too many publishes of this key wait for the first", "/key"));
  waiting.push_back(std::move(done));
}

std::vector<PublishDone> IdempotencyCache::settle(std::string_view user_id, std::string_view key,
                                                  const PublishResult& result, WallMillis now) {
  auto waiting = std::move(in_flight_.extract(name_of(user_id, key)).mapped());
  if (result) remember(user_id, key, *result, now);
  return waiting;
}

void IdempotencyCache::restore(std::string_view user_id, std::string_view key, PublishAck ack,
                               WallMillis expires_at) {
  std::string name = name_of(user_id, key);
  acks_[name] = std::move(ack);
  order_.push_back({std::move(name), expires_at});
}

void IdempotencyCache::remember(std::string_view user_id, std::string_view key,
                                const PublishAck& ack, WallMillis now) {
  std::string name = name_of(user_id, key);
  acks_[name] = ack;
  order_.push_back({std::move(name), now + window_ms_});
  forget_old(now);
}

void IdempotencyCache::forget_old(WallMillis now) {
  while (!order_.empty() && (order_.front().expires_at <= now || order_.size() > keys_max_)) {
    acks_.erase(order_.front().name);
    order_.pop_front();
  }
}

}  // namespace tidewire
