#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tidewire {

/// One user in a channel, over all of that user's connections.
struct PresentUser {
  std::string user_id;
  std::string info_json;  // the token's `info`, as it came
  WallMillis since = 0;
  std::uint32_t clients = 0;
};

/// Who is in one channel: one member a user, however many devices.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  members_max; join() answers `full` past it, and that user is not listed.
class PresenceTable {
 public:
  explicit PresenceTable(std::size_t members_max) : members_max_(members_max) {}

  enum class Change { first_device, another_device, last_device, one_device_less, full, unknown };

  /// `connection_id` of `user_id` is here.
  Change join(std::string_view user_id, std::string_view connection_id, std::string_view info_json,
              WallMillis now);
  /// `connection_id` of `user_id` is gone.
  Change leave(std::string_view user_id, std::string_view connection_id);

  [[nodiscard]] std::vector<PresentUser> members() const;
  [[nodiscard]] std::size_t size() const { return users_.size(); }

 private:
  struct User {
    std::string info_json;
    WallMillis since = 0;
    std::vector<std::string> connections;
  };

  std::size_t members_max_;
  std::map<std::string, User, std::less<>> users_;
};

}  // namespace tidewire
