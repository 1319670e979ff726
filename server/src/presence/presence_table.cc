#include "presence/presence_table.h"

#include <algorithm>

namespace tidewire {

PresenceTable::Change PresenceTable::join(std::string_view user_id, std::string_view connection_id,
                                          std::string_view info_json, WallMillis now) {
  auto found = users_.find(user_id);
  if (found == users_.end()) {
    if (users_.size() >= members_max_) return Change::full;
    users_.emplace(user_id, User{std::string(info_json), now, {std::string(connection_id)}});
    return Change::first_device;
  }
  auto& connections = found->second.connections;
  if (std::ranges::find(connections, connection_id) == connections.end())
    connections.emplace_back(connection_id);
  found->second.info_json = info_json;
  return Change::another_device;
}

PresenceTable::Change PresenceTable::leave(std::string_view user_id,
                                           std::string_view connection_id) {
  const auto found = users_.find(user_id);
  if (found == users_.end()) return Change::unknown;
  auto& connections = found->second.connections;
  if (std::erase(connections, connection_id) == 0) return Change::unknown;
  if (!connections.empty()) return Change::one_device_less;
  users_.erase(found);
  return Change::last_device;
}

std::vector<PresentUser> PresenceTable::members() const {
  std::vector<PresentUser> list;
  list.reserve(users_.size());
  for (const auto& [user_id, user] : users_)
    list.push_back(
        {user_id, user.info_json, user.since, static_cast<std::uint32_t>(user.connections.size())});
  return list;
}

}  // namespace tidewire
