#include "presence/presence_table.h"

#include <algorithm>
#include <utility>

namespace tidewire {

PresenceTable::Change PresenceTable::join(std::string_view user_id, std::string_view device,
                                          std::string_view info_json, WallMillis now) {
  const auto found = users_.find(user_id);
  if (found == users_.end()) {
    if (users_.size() >= users_max_) return Change::full;
    users_.emplace(user_id, User{std::string(info_json), now, {{std::string(device)}}});
    ++devices_;
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
  ++devices_;
  User& user = found->second;
  // A token without info says nothing about its user.
  const bool says_nothing = info_json.empty() || info_json == "{}";
  if (user.own_info || says_nothing || user.info_json == info_json) return Change::another_device;
  user.info_json = info_json;
  return Change::another_info;
}

PresenceTable::Change PresenceTable::update(std::string_view user_id, std::string_view device,
                                            std::string_view info_json) {
  const auto found = users_.find(user_id);
  if (found == users_.end()) return Change::unknown;
  User& user = found->second;
  const auto known = std::ranges::find(user.devices, device, &Device::id);
  if (known == user.devices.end() || known->places == 0) return Change::unknown;
  user.own_info = true;
  if (user.info_json == info_json) return Change::same_device;
  user.info_json = info_json;
  return Change::another_info;
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
  devices_ -= std::erase_if(devices, [device](const Device& each) { return each.id == device; });
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

PresentUser PresenceTable::present(const Users::value_type& entry) {
  const auto& [user_id, user] = entry;
  return {user_id, user.info_json, user.since, static_cast<std::uint32_t>(user.devices.size())};
}

std::optional<PresentUser> PresenceTable::find(std::string_view user_id) const {
  const auto found = users_.find(user_id);
  if (found == users_.end()) return std::nullopt;
  return present(*found);
}

std::vector<PresentUser> PresenceTable::members(std::size_t count) const {
  std::vector<PresentUser> list;
  list.reserve(std::min(count, users_.size()));
  for (const auto& entry : users_) {
    if (list.size() >= count) break;
    list.push_back(present(entry));
  }
  return list;
}

}  // namespace tidewire
