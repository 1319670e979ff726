#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/compact_vector.h"
#include "base/short_id.h"
#include "hub/shard_mesh.h"

namespace tidewire {

/// Where one connection of a user lives.
struct UserConnection {
  ShardIndex shard = 0;
  ShortId connection_id;
};

/// The authenticated connections of every user, over all shards, oldest first.
///
/// Owner:  the server; one instance.
/// Thread: any. The mutex is taken once an authentication and once a close, never per message.
/// Limit:  per_user_max; add() past it names the oldest connection, which has to make room.
class UserDirectory {
 public:
  explicit UserDirectory(std::size_t per_user_max) : per_user_max_(per_user_max) {}

  /// Registers a connection; returns the one it replaces, which is no longer registered.
  [[nodiscard]] std::optional<UserConnection> add(std::string_view user_id,
                                                  UserConnection connection);
  void remove(std::string_view user_id, std::string_view connection_id);
  [[nodiscard]] std::size_t connections_of(std::string_view user_id) const;

 private:
  const std::size_t per_user_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, CompactVector<UserConnection>> users_;
};

}  // namespace tidewire
