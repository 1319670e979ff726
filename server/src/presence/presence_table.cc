#include "presence/presence_table.h"

#include <algorithm>
#include <utility>

namespace tidewire {

PresenceTable::Change PresenceTable::join(std::string_view user_id, std::string_view device,
                                          std::string_view info_json, WallMillis now) {
  const auto found = users_.find(user_id);
  if (found == users_.end()) {
    if (users_.size() >= members_max_) return Change::full;
    users_.emplace(user_id, User{std::string(info_json), now, {{std::string(device)}}});
    return Change::first_device;
  }
  auto& devices = found->second.devices;
  const auto known = std::ranges::find(devices, device, &Device::id);
  if (known != devices.end()) {
    if (known->places++ == 0)
      lingering_.erase({known->gone_at, std::string(user_id), std::string(device)});
    return Change::same_device;
  }
  devices.push_back({std::string(device)});
  found->second.info_json = info_json;
  return Change::another_device;
}

PresenceTable::Change PresenceTable::leave(std::string_view user_id, std::string_view device,
                                           LeaveKind kind, MonoMillis gone_at) {
  const auto found = users_.find(user_id);
  if (found == users_.end()) return Change::unknown;
  auto& devices = found->second.devices;
  const auto known = std::ranges::find(devices, device, &Device::id);
  if (known == devices.end() || known->places == 0) return Change::unknown;
  if (--known->places > 0) return Change::same_device;
  if (kind == LeaveKind::left) return erase(found, device);
  known->gone_at = gone_at;
  lingering_.insert({gone_at, found->first, known->id});
  return Change::lingering;
}

PresenceTable::Change PresenceTable::erase(Users::iterator user, std::string_view device) {
  auto& devices = user->second.devices;
  std::erase_if(devices, [device](const Device& each) { return each.id == device; });
  if (!devices.empty()) return Change::one_device_less;
  users_.erase(user);
  return Change::last_device;
}

std::optional<MonoMillis> PresenceTable::next_due() const {
  if (lingering_.empty()) return std::nullopt;
  return lingering_.begin()->gone_at;
}

std::vector<std::string> PresenceTable::expire(MonoMillis now) {
  std::vector<std::string> gone;
  while (!lingering_.empty() && lingering_.begin()->gone_at <= now) {
    const Lingering next = std::move(lingering_.extract(lingering_.begin()).value());
    if (erase(users_.find(next.user_id), next.device) == Change::last_device)
      gone.push_back(next.user_id);
  }
  return gone;
}

std::vector<PresentUser> PresenceTable::members() const {
  std::vector<PresentUser> list;
  list.reserve(users_.size());
  for (const auto& [user_id, user] : users_)
    list.push_back(
        {user_id, user.info_json, user.since, static_cast<std::uint32_t>(user.devices.size())});
  return list;
}

}  // namespace tidewire
