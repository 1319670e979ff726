#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "history/sqlite_reads.h"

namespace tidewire {

/// The thread that reads what is older than memory, so that no shard waits for the disk.
///
/// Owner: SqliteStorage. Thread: ask() from any.
/// Limit: kWaitingMax; past it ask() refuses.
class SqliteReader {
 public:
  static constexpr std::size_t kWaitingMax = 1'024;
  using Job = std::move_only_function<void(SqliteReads&)>;

  SqliteReader(const std::string& path, const std::string& vfs);
  ~SqliteReader();
  SqliteReader(const SqliteReader&) = delete;
  SqliteReader& operator=(const SqliteReader&) = delete;

  /// False: too many wait.
  [[nodiscard]] bool ask(Job job);

 private:
  void run();

  SqliteReads reads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidewire
