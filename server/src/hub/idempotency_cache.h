#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "hub/publish_request.h"

namespace tidewire {

/// Which keyed publishes a channel has already taken, so that a retry is answered and not repeated.
/// A key belongs to its publisher: nobody can suppress another user's message by guessing its key.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  keys_max and window_ms; past either the oldest key is forgotten.
class IdempotencyCache {
 public:
  IdempotencyCache(std::size_t keys_max, std::int64_t window_ms)
      : keys_max_(keys_max), window_ms_(window_ms) {}

  [[nodiscard]] std::optional<PublishAck> find(std::string_view user_id, std::string_view key,
                                               WallMillis now);
  void remember(std::string_view user_id, std::string_view key, const PublishAck& ack,
                WallMillis now);
  [[nodiscard]] std::size_t size() const { return acks_.size(); }

 private:
  struct Entry {
    std::string name;
    WallMillis expires_at;
  };

  void forget_old(WallMillis now);

  std::size_t keys_max_;
  std::int64_t window_ms_;
  std::unordered_map<std::string, PublishAck> acks_;
  std::deque<Entry> order_;
};

}  // namespace tidewire
