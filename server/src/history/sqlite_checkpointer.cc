#include "history/sqlite_checkpointer.h"

#include <utility>

#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

namespace tidewire {
namespace {

constexpr int kNicer = 5;  // than the thread that made it: a third of its weight

int note_pages(void* pages, sqlite3* /*db*/, const char* /*schema*/, int in_log) {
  *static_cast<int*>(pages) = in_log;
  return SQLITE_OK;
}

/// How many pages of the log are in the database now. Waits for nobody; 0 when it could not.
int copy_log(SqliteDb& db) {
  int in_log = 0;
  int copied = 0;
  sqlite3_wal_checkpoint_v2(db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
  return copied > 0 ? copied : 0;
}

}  // namespace

SqliteCheckpointer::SqliteCheckpointer(SqliteFile& file)
    : writers_(file.db()),
      limits_(file.options().checkpoint),
      own_(file.options().path, file.options().vfs) {
  (void)own_.number("PRAGMA schema_version");  // a connection has no log before it has read
  sqlite3_wal_hook(writers_.handle(), note_pages, &pages_);  // in the place of SQLite's own
  thread_ = std::thread([this] { run(); });
}

SqliteCheckpointer::~SqliteCheckpointer() {
  sqlite3_wal_hook(writers_.handle(), nullptr, nullptr);
  stopping_.store(true);
  wake_.release();
  thread_.join();
}

void SqliteCheckpointer::run() {
  // Linux: a thread has a priority of its own.
  const auto self = static_cast<id_t>(::gettid());
  ::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) + kNicer);
  while (true) {
    wake_.acquire();
    if (stopping_.load()) return;
    pass_copied_ = copy_log(own_);
    pass_.store(Pass::ended);
    pass_.notify_one();
  }
}

void SqliteCheckpointer::begin() {
  pass_.store(Pass::runs);
  wake_.release();
}

void SqliteCheckpointer::after_commit() {
  if (pages_ < copied_) copied_ = 0;  // the log has begun anew
  if (pages_ >= limits_.log_max) pass_.wait(Pass::runs);
  if (pass_.load() == Pass::ended) {
    pass_.store(Pass::none);
    if (pages_ < pass_copied_) return;  // the pass had all of the log
    copied_ = pass_copied_;
    if (pages_ - copied_ <= limits_.rest_max || pages_ >= limits_.log_max) {
      copied_ = copy_log(writers_);
    } else {
      begin();
    }
  } else if (pass_.load() == Pass::none && pages_ - copied_ >= limits_.begin_at) {
    begin();
  }
}

}  // namespace tidewire
