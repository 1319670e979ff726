#include "hub/idempotency_cache.h"

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
