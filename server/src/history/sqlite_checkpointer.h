#pragma once

#include <atomic>
#include <cstdint>
#include <semaphore>
#include <thread>

#include "history/sqlite_file.h"

namespace tidewire {

/// Brings what the write-ahead log holds into the database file, beside the writer: a thread of low
/// priority copies most of it, and only the last few pages, which came meanwhile, cost the writer a
/// pause. Then the log begins anew at its start (SQLite, "Write-Ahead Logging", section 3).
///
/// Owner:  SqliteStorage. Thread: after_commit() is the writer's; the copying is its own.
/// Limit:  CheckpointPages::log_max; a log that long is copied by the writer, which waits for it.
/// Errors: none of its own. What could not be copied stays in the log and is tried again.
class SqliteCheckpointer {
 public:
  explicit SqliteCheckpointer(SqliteFile& file);
  ~SqliteCheckpointer();
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

  /// Called between two transactions, when there is time for what is due.
  void after_commit();

 private:
  enum class Pass : std::uint8_t { none, runs, ended };

  void run();
  void begin();

  SqliteDb& writers_;
  const CheckpointPages limits_;
  SqliteDb own_;
  int pages_ = 0;        // in the log, as of the writer's last transaction
  int copied_ = 0;       // of them
  int pass_copied_ = 0;  // by the thread's last pass
  std::atomic<Pass> pass_{Pass::none};
  std::atomic<bool> stopping_{false};
  std::binary_semaphore wake_{0};
  std::thread thread_;
};

}  // namespace tidewire
