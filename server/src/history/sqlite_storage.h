#pragma once

#include <condition_variable>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/task.h"
#include "history/history_store.h"
#include "history/session_store.h"
#include "history/sqlite_file.h"
#include "observability/store_metrics.h"

namespace tidewire {

struct SqliteStorageOptions {
  SqliteFileOptions file;
  std::size_t shards = 1;
  std::size_t queue_bytes_max = 64 << 20;
  WallMillis meta_ttl = WallMillis{30} * 86'400'000;
  SessionStoreLimits sessions;
  /// When sessions end that had a connection as the last process ended; the others not later.
  WallMillis connected_until = 0;
  /// Told of each session in the file, without its body, in the order of their ends; may be empty.
  std::function<void(const SessionRecord&)> found_session;
  /// Runs a task on a shard. Thread: any.
  std::function<void(std::size_t shard, Task task)> post;
};

/// Channels, shared state and sessions in one SQLite file: one writer with group commit, one
/// reader for what is older than memory, and a store for each shard.
///
/// Owner:  the server; outlives the shards' Nodes, and their threads have ended when it ends.
/// Thread: open() and the end are the owner's; each store belongs to its shard.
class SqliteStorage {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<SqliteStorage>, std::string> open(
      SqliteStorageOptions options);
  ~SqliteStorage();
  SqliteStorage(const SqliteStorage&) = delete;
  SqliteStorage& operator=(const SqliteStorage&) = delete;

  [[nodiscard]] HistoryStore& history(std::size_t shard);
  [[nodiscard]] SessionStore& sessions(std::size_t shard);
  [[nodiscard]] StoreMetrics& metrics();

  /// Why nothing can be stored now; nullopt: it can. Thread: any.
  [[nodiscard]] std::optional<std::string> fault() const;
  /// The machine went down and the file's channels have begun a new life.
  [[nodiscard]] bool began_anew() const;

 private:
  struct Parts;
  explicit SqliteStorage(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tidewire
