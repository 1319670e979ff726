#include "session/user_directory.h"

#include <algorithm>

namespace tidewire {

std::optional<UserConnection> UserDirectory::add(std::string_view user_id,
                                                 UserConnection connection) {
  const std::scoped_lock lock(mutex_);
  auto& connections = users_[std::string(user_id)];
  connections.push_back(connection);
  if (per_user_max_ == 0 || connections.size() <= per_user_max_) return std::nullopt;
  const UserConnection oldest = connections.front();
  connections.erase(connections.begin());
  return oldest;
}

void UserDirectory::remove(std::string_view user_id, std::string_view connection_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = users_.find(std::string(user_id));
  if (found == users_.end()) return;
  auto& connections = found->second;
  const auto closed = std::ranges::find(connections, connection_id, &UserConnection::connection_id);
  if (closed != connections.end()) connections.erase(closed);
  if (connections.empty()) users_.erase(found);
}

std::size_t UserDirectory::connections_of(std::string_view user_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = users_.find(std::string(user_id));
  return found == users_.end() ? 0 : found->second.size();
}

}  // namespace tidewire
