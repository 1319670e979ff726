#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tidewire {

/// A user who was in a channel, and until when.
struct SeenUser {
  std::string user_id;
  WallMillis at = 0;
};

/// When the users who left one channel were last there.
///
/// Owner: one Channel. Thread: the channel's owner shard.
/// Limit: count_max users; the one who left longest ago goes. Nobody is kept for longer than
///        age_ms_max; 0 keeps nobody.
class LastSeen {
 public:
  LastSeen(std::size_t count_max, std::int64_t age_ms_max)
      : count_max_(count_max), age_ms_max_(age_ms_max) {}

  void left(std::string_view user_id, WallMillis now);
  void came_back(std::string_view user_id);
  void trim(WallMillis now);

  /// The newest first.
  [[nodiscard]] std::vector<SeenUser> list() const { return {users_.rbegin(), users_.rend()}; }
  [[nodiscard]] bool empty() const { return users_.empty(); }

 private:
  std::size_t count_max_;
  std::int64_t age_ms_max_;
  std::deque<SeenUser> users_;  // in the order of leaving
};

}  // namespace tidewire
