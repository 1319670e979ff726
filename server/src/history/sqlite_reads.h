#pragma once

#include <string>
#include <vector>

#include "history/history_store.h"
#include "history/sqlite_db.h"

namespace tidewire {

/// A channel in the file. What the writer keeps of it is touched by the writer's thread only, but
/// for before the first change.
struct SqliteChannel final : StoredChannel {
  using StoredChannel::StoredChannel;

  struct Row {
    std::int64_t id = 0;  // 0: not in the file yet
    std::uint64_t top = 0;
    std::uint64_t total = 0;
    std::uint64_t state_version = 0;
    WallMillis due_at = 0;
  };
  Row in_file;  // as of the last commit
  Row next;     // with the changes of the transaction in progress
  bool dirty = false;
};

/// Reads channels through a connection of its own. Thread: one at a time.
class SqliteReads {
 public:
  SqliteReads(const std::string& path, const std::string& vfs);

  [[nodiscard]] ChannelLife open(const std::string& name, const OpenLimits& limits);
  [[nodiscard]] std::vector<PublicationPtr> read(const std::string& name, const std::string& epoch,
                                                 const StoreRead& wanted);

 private:
  void read_newest(std::int64_t id, const OpenLimits& limits, ChannelLife& life);
  void read_parts(std::int64_t id, const OpenLimits& limits, ChannelLife& life);

  SqliteDb db_;
  SqliteStatement find_, seed_, first_, up_, down_, keys_, state_, cursors_;
};

}  // namespace tidewire
