#include "session/user_directory.h"

#include <algorithm>

namespace tidewire {

std::optional<UserConnection> UserDirectory::add(std::string_view user_id,
                                                 UserConnection connection) {
  const std::scoped_lock lock(mutex_);
  auto& connections = users_[std::string(user_id)];
  connections.push_back(std::move(connection));
  if (per_user_max_ == 0 || connections.size() <= per_user_max_) return std::nullopt;
  UserConnection oldest = std::move(connections.front());
  connections.pop_front();
  return oldest;
}

void UserDirectory::remove(std::string_view user_id, std::string_view connection_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = users_.find(std::string(user_id));
  if (found == users_.end()) return;
  std::erase_if(found->second, [&](const UserConnection& connection) {
    return connection.connection_id == connection_id;
  });
  if (found->second.empty()) users_.erase(found);
}

std::size_t UserDirectory::connections_of(std::string_view user_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = users_.find(std::string(user_id));
  return found == users_.end() ? 0 : found->second.size();
}

}  // namespace tidewire
