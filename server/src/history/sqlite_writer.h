#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/task.h"
#include "history/sqlite_checkpointer.h"
#include "history/sqlite_queue.h"
#include "history/sqlite_transaction.h"
#include "observability/store_metrics.h"

namespace tidewire {

/// What one transaction meant for one shard.
struct SqliteOutcome {
  std::uint64_t sequence = 0;    // everything up to it is stored
  std::uint64_t generation = 0;  // with `error`: everything of it has failed
  std::optional<Error> error;
  std::vector<std::pair<std::uint64_t, Error>> refused;  // by sequence; they changed nothing
};

/// The thread that writes the history file. What has come since the last transaction goes into the
/// next one (with HistorySync::always, one change each), and every shard concerned gets one task.
///
/// After a failure it takes no work of a generation that has failed, until that shard's door has
/// begun another: what was queued behind the failure is never written.
///
/// Owner:  SqliteStorage. Thread: its own; fault() from any.
/// Limit:  the queue's; kGroupMax changes in a transaction.
class SqliteWriter {
 public:
  static constexpr std::size_t kGroupMax = 8'192;
  /// Brings an outcome to a shard's door.
  using Tell = std::function<void(std::uint16_t shard, SqliteOutcome outcome)>;

  SqliteWriter(SqliteFile& file, SqliteQueue& queue, SqliteTransaction& transaction,
               SqliteCheckpointer& checkpointer, StoreMetrics& metrics, std::size_t shards,
               Tell tell);
  /// Writes what waits, and ends.
  ~SqliteWriter();
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  /// Why the last transaction failed; nullopt: it did not.
  [[nodiscard]] std::optional<std::string> fault() const;

 private:
  using Group = std::vector<std::unique_ptr<SqliteWork>>;

  void run();
  void write_all(Group work);
  void write_group(std::span<std::unique_ptr<SqliteWork>> group);
  void fail_group(std::span<std::unique_ptr<SqliteWork>> group, const std::string& reason);
  void do_chores();
  void set_fault(std::optional<std::string> fault);

  SqliteFile& file_;
  SqliteQueue& queue_;
  SqliteTransaction& transaction_;
  SqliteCheckpointer& checkpointer_;
  StoreMetrics& metrics_;
  Tell tell_;
  SystemClock clock_;
  std::vector<std::uint64_t> accepted_;  // by shard: the oldest generation that is taken
  std::vector<SqliteOutcome> outcomes_;  // by shard, of the transaction in progress
  MonoMillis chores_at_ = 0;
  bool failing_ = false;
  mutable std::mutex fault_mutex_;
  std::optional<std::string> fault_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tidewire
