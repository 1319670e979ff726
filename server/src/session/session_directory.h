#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

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
    for (Session* session : sessions_) visit(*session);
  }

 private:
  static std::string_view id_of(const Session* session);
  static std::string_view id_of(std::string_view id) { return id; }
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const auto& of) const {
      return std::hash<std::string_view>()(id_of(of));
    }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return id_of(a) == id_of(b); }
  };

  boost::unordered_flat_set<Session*, Hash, Same> sessions_;
};

}  // namespace tidewire
