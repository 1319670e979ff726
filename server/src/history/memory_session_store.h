#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "history/session_store.h"

namespace tidewire {

/// Sessions in memory: they end with the process. One object serves all shards; its lock is taken
/// when a connection comes or goes, never for a message. Answers come at once.
class MemorySessionStore final : public SessionStore {
 public:
  explicit MemorySessionStore(const SessionStoreLimits& limits = {}) : limits_(limits) {}

  void put(SessionRecord record, Done done) override;
  void get(std::string id, WallMillis now, Found found) override;
  void erase(std::string id, Done done) override;
  void expire(WallMillis now) override;

  /// What opening a file does (SqliteStorageOptions): no session lives longer than
  /// `connected_until`, and `found` is told of each.
  void reopen(
      WallMillis connected_until,
      const std::function<void(const SessionRecord&)>& found = [](const auto&) {});
  void copy_of(const MemorySessionStore& other);
  /// Changes the text of every record.
  void rewrite(const std::function<void(std::string& body)>& change);
  [[nodiscard]] std::size_t size() const;

 private:
  [[nodiscard]] std::optional<Error> keep(SessionRecord&& record);
  void forget(std::map<std::string, SessionRecord, std::less<>>::iterator at);

  SessionStoreLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, SessionRecord, std::less<>> records_;
  std::set<std::pair<WallMillis, std::string>> by_time_;
};

}  // namespace tidewire
