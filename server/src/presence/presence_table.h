#pragma once

#include <compare>
#include <cstdint>
#include <limits>
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
  std::string info_json;  // the token's `info`, or what the user said with presence_update
  WallMillis since = 0;
  std::uint32_t clients = 0;
};

/// Who is in one channel: one member a user, however many devices. A device is a session, so one
/// that comes back on another connection is the same device.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  users_max; join() answers `full` past it, and that user is not counted.
/// Life:   a device is here while it has a place (a subscription) and, when the last of them was
///         lost, until the moment that leave() was given.
class PresenceTable {
 public:
  explicit PresenceTable(std::size_t users_max) : users_max_(users_max) {}

  enum class Change {
    first_device,
    another_device,
    another_info,  // a device or an update, and the user's info is another one now
    same_device,   // known already, or back in time: nothing to tell
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

  /// What `device` says about its user from now on; it outlives what other devices bring along.
  /// `unknown` when the device is not here, `same_device` when nothing changes.
  Change update(std::string_view user_id, std::string_view device, std::string_view info_json);

  /// When the next lingering device is gone; nullopt: none lingers.
  [[nodiscard]] std::optional<MonoMillis> next_due() const;
  /// Removes the devices that did not come back by `now`; the users that were on no other.
  [[nodiscard]] std::vector<std::string> expire(MonoMillis now);

  [[nodiscard]] std::optional<PresentUser> find(std::string_view user_id) const;
  /// At most `count` users, the first by user id.
  [[nodiscard]] std::vector<PresentUser> members(
      std::size_t count = std::numeric_limits<std::size_t>::max()) const;
  [[nodiscard]] std::size_t size() const { return users_.size(); }
  [[nodiscard]] std::size_t devices() const { return devices_; }

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
    bool own_info = false;  // said with update()
  };
  using Users = std::map<std::string, User, std::less<>>;
  struct Lingering {
    MonoMillis gone_at;
    std::string user_id;
    std::string device;
    auto operator<=>(const Lingering&) const = default;
  };

  Change erase(Users::iterator user, std::string_view device);

  static PresentUser present(const Users::value_type& entry);

  std::size_t users_max_;
  std::size_t devices_ = 0;
  Users users_;
  std::set<Lingering> lingering_;
};

}  // namespace tidewire
