#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "presence/leave_kind.h"

namespace tidewire {

/// One user in a channel, over all of that user's devices.
struct PresentUser {
  std::string user_id;
  std::string info_json;  // the token's `info`, as it came
  WallMillis since = 0;
  std::uint32_t clients = 0;
};

/// Who is in one channel: one member a user, however many devices. A device is a session, so one
/// that comes back on another connection is the same device.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  members_max; join() answers `full` past it, and that user is not listed.
/// Life:   a device is here while it has a place (a subscription) and, when the last of them was
///         lost, until the moment that leave() was given.
class PresenceTable {
 public:
  explicit PresenceTable(std::size_t members_max) : members_max_(members_max) {}

  enum class Change {
    first_device,
    another_device,
    same_device,  // known already, or back in time: nothing to tell
    last_device,
    one_device_less,
    lingering,  // gone unless it comes back
    full,
    unknown
  };

  /// `device` of `user_id` takes a place.
  Change join(std::string_view user_id, std::string_view device, std::string_view info_json,
              WallMillis now);
  /// It gives one up. The last one, when lost, lingers until `gone_at`.
  Change leave(std::string_view user_id, std::string_view device, LeaveKind kind = LeaveKind::left,
               MonoMillis gone_at = 0);

  /// When the next lingering device is gone; nullopt: none lingers.
  [[nodiscard]] std::optional<MonoMillis> next_due() const;
  /// Removes the devices that did not come back by `now`; the users that were on no other.
  [[nodiscard]] std::vector<std::string> expire(MonoMillis now);

  [[nodiscard]] std::vector<PresentUser> members() const;
  [[nodiscard]] std::size_t size() const { return users_.size(); }

 private:
  struct Device {
    std::string id;
    std::uint32_t places = 1;  // two for a moment when a session moves between connections
    MonoMillis gone_at = 0;    // when `places` is 0
  };
  struct User {
    std::string info_json;
    WallMillis since = 0;
    std::vector<Device> devices;
  };
  using Users = std::map<std::string, User, std::less<>>;
  struct Lingering {
    MonoMillis gone_at;
    std::string user_id;
    std::string device;
    auto operator<=>(const Lingering&) const = default;
  };

  Change erase(Users::iterator user, std::string_view device);

  std::size_t members_max_;
  Users users_;
  std::set<Lingering> lingering_;
};

}  // namespace tidewire
