#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "history/sqlite_work.h"

namespace tidewire {

/// Work on its way to the writer: many shards push, one thread takes all, nobody waits for a lock.
/// A push into an empty queue wakes the taker (one write to an eventfd).
///
/// Limit: bytes_max; past it push() refuses.
class SqliteQueue {
 public:
  SqliteQueue(std::size_t bytes_max, std::atomic<std::int64_t>& bytes);
  ~SqliteQueue();
  SqliteQueue(const SqliteQueue&) = delete;
  SqliteQueue& operator=(const SqliteQueue&) = delete;

  /// Thread: any. False: full, nothing was taken.
  [[nodiscard]] bool push(std::unique_ptr<SqliteWork> work);
  /// Ends waiting. Thread: any.
  void wake();

  /// Everything there is, oldest first; waits at most `wait_ms` when there is nothing.
  [[nodiscard]] std::vector<std::unique_ptr<SqliteWork>> take(int wait_ms);
  /// `bytes` of what was taken are done with.
  void release(std::size_t bytes) {
    bytes_.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  }

 private:
  std::size_t bytes_max_;
  std::atomic<std::int64_t>& bytes_;
  std::atomic<SqliteWork*> newest_{nullptr};
  int wake_fd_;
};

}  // namespace tidewire
