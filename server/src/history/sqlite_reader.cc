#include "history/sqlite_reader.h"

#include <utility>

namespace tidewire {

SqliteReader::SqliteReader(const std::string& path, const std::string& vfs)
    : reads_(path, vfs), thread_([this] { run(); }) {}

SqliteReader::~SqliteReader() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool SqliteReader::ask(Job job) {
  {
    const std::scoped_lock lock(mutex_);
    if (jobs_.size() >= kWaitingMax) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void SqliteReader::run() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(reads_);
  }
}

}  // namespace tidewire
