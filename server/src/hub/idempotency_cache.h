#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "hub/publish_request.h"

namespace tidewire {

/// Which keyed publishes a channel has already taken, so that a retry is answered and not repeated.
/// A key belongs to its publisher: nobody can suppress another user's message by guessing its key.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  keys_max and window_ms; past either the oldest key is forgotten. kWaitingMax publishes
///         that wait for one in flight; past it `overloaded`.
class IdempotencyCache {
 public:
  static constexpr std::size_t kWaitingMax = 16;

  IdempotencyCache(std::size_t keys_max, std::int64_t window_ms)
      : keys_max_(keys_max), window_ms_(window_ms) {}

  [[nodiscard]] std::optional<PublishAck> find(std::string_view user_id, std::string_view key,
                                               WallMillis now);

  /// A publish whose answer is not known yet: those of the same key wait for it.
  void begin(std::string_view user_id, std::string_view key);
  [[nodiscard]] bool in_flight(std::string_view user_id, std::string_view key) const;
  /// `done` is in what settle() gives; past kWaitingMax it is answered `overloaded` at once.
  void wait(std::string_view user_id, std::string_view key, PublishDone done);
  /// Remembers a success, forgets a failure, and gives those who waited.
  [[nodiscard]] std::vector<PublishDone> settle(std::string_view user_id, std::string_view key,
                                                const PublishResult& result, WallMillis now);
  [[nodiscard]] bool none_in_flight() const { return in_flight_.empty(); }

  /// What an earlier life of the channel has taken; the oldest first.
  void restore(std::string_view user_id, std::string_view key, PublishAck ack,
               WallMillis expires_at);
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
  std::unordered_map<std::string, std::vector<PublishDone>> in_flight_;
  std::deque<Entry> order_;
};

}  // namespace tidewire
