#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "history/sqlite_storage.h"

namespace tidewire {

/// A file in a folder of its own, and what the writer and the reader post to the one shard.
class SqliteDisk {
 public:
  explicit SqliteDisk(const SessionStoreLimits& sessions = {}, std::string vfs = {})
      : sessions_(sessions), vfs_(std::move(vfs)) {
    std::string name = testing::TempDir() + "tidewire-history-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    restart();
  }
  ~SqliteDisk() {
    storage_.reset();
    std::filesystem::remove_all(folder_);
  }
  HistoryStore& store() { return storage_->history(0); }
  SessionStore& sessions() { return storage_->sessions(0); }
  SqliteStorage& storage() { return *storage_; }
  WallMillis connected_until = 0;
  CheckpointPages checkpoint;
  std::vector<SessionRecord> found_sessions;  // by the last restart
  [[nodiscard]] std::string path() const { return folder_ + "/history.db"; }

  [[nodiscard]] SqliteStorageOptions options() {
    return {
        .file = {.path = path(), .checkpoint = checkpoint, .vfs = vfs_},
        .sessions = sessions_,
        .connected_until = connected_until,
        .found_session = [this](const SessionRecord& record) { found_sessions.push_back(record); },
        .post =
            [this](std::size_t /*shard*/, Task task) {
              const std::scoped_lock lock(mutex_);
              tasks_.push_back(std::move(task));
              posted_.notify_one();
            }};
  }
  void end() {
    storage_.reset();
    tasks_.clear();
  }
  void restart() {
    end();
    found_sessions.clear();
    auto opened = SqliteStorage::open(options());
    ASSERT_TRUE(opened) << opened.error();
    storage_ = std::move(*opened);
  }
  /// Runs what is posted until `done`.
  void settle(const std::function<bool()>& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      ASSERT_TRUE(
          posted_.wait_for(lock, std::chrono::seconds(60), [&] { return !tasks_.empty(); }));
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

 private:
  SessionStoreLimits sessions_;
  std::string vfs_;
  std::string folder_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Task> tasks_;
  std::unique_ptr<SqliteStorage> storage_;
};

}  // namespace tidewire
