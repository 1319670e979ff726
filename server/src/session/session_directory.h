#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidewire {

class Session;

/// The open sessions of one shard, by connection id.
///
/// Owner:  the shard's server part. Thread: the shard's.
class SessionDirectory {
 public:
  void add(Session& session);
  void remove(Session& session);
  [[nodiscard]] Session* find(std::string_view connection_id);
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

  /// Visits every session; a visit may close but not destroy.
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (auto& [id, session] : sessions_) visit(*session);
  }

 private:
  std::unordered_map<std::string_view, Session*> sessions_;  // keys live in the session
};

}  // namespace tidewire
