#include "history/sqlite_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"

namespace tidewire {
namespace {

constexpr std::int64_t kApplicationId = 0x54444857;  // "TDHW", so that no other file is taken
constexpr std::int64_t kCheckBytesMax = 64 << 20;    // larger files are checked page by page, read

/// What brings a file from version i to i + 1.
constexpr std::array<const char*, SqliteFile::kVersion> kMigrations = {R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE channels (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  epoch TEXT NOT NULL,
  top INTEGER NOT NULL,
  total INTEGER NOT NULL,
  state_version INTEGER NOT NULL,
  due_at INTEGER NOT NULL);
CREATE INDEX channels_due ON channels (due_at);
CREATE TABLE publications (
  channel INTEGER NOT NULL, at INTEGER NOT NULL, total INTEGER NOT NULL, ts INTEGER NOT NULL,
  type TEXT NOT NULL, priority INTEGER NOT NULL, echo INTEGER NOT NULL,
  user TEXT NOT NULL, connection TEXT NOT NULL, client TEXT NOT NULL,
  key TEXT NOT NULL, trace TEXT NOT NULL,
  payload_at INTEGER NOT NULL, payload_size INTEGER NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (channel, at)) WITHOUT ROWID;
CREATE TABLE keys (
  channel INTEGER NOT NULL, at INTEGER NOT NULL, user TEXT NOT NULL, key TEXT NOT NULL,
  expires_at INTEGER NOT NULL, PRIMARY KEY (channel, at)) WITHOUT ROWID;
CREATE TABLE state (
  channel INTEGER NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, version INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, user TEXT NOT NULL, connection TEXT NOT NULL, client TEXT NOT NULL,
  PRIMARY KEY (channel, key)) WITHOUT ROWID;
CREATE TABLE cursors (
  channel INTEGER NOT NULL, consumer TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (channel, consumer)) WITHOUT ROWID;
CREATE TABLE sessions (
  id TEXT PRIMARY KEY, user TEXT NOT NULL, body TEXT NOT NULL, expires_at INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE INDEX sessions_expire ON sessions (expires_at);
)sql"};

/// All publications go, no channel keeps its epoch, and no version of a state names two values.
/// What sessions remember of their numbered publishes goes too: it names what is no more.
constexpr const char* kBeginAnew = R"sql(
DELETE FROM publications;
DELETE FROM keys;
DELETE FROM cursors;
UPDATE channels SET epoch = lower(hex(randomblob(11))), top = 0, total = 0,
                    state_version = state_version + 1048576;
UPDATE sessions SET body = json_remove(body, '$.publishes') WHERE json_valid(body);
)sql";

std::string machine_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace

std::expected<std::unique_ptr<SqliteFile>, std::string> SqliteFile::open(
    const SqliteFileOptions& options) {
  std::unique_ptr<SqliteFile> file(new SqliteFile(options));
  if (auto locked = file->lock(); !locked) return std::unexpected(std::move(locked.error()));
  try {
    file->prepare();
  } catch (const SqliteError& error) {
    return std::unexpected("the history file " + options.path + " cannot be used: " + error.what());
  }
  return file;
}

SqliteFile::~SqliteFile() {
  try {
    if (db_) db_->run("UPDATE meta SET value = '1' WHERE name = 'clean'");
  } catch (const SqliteError&) {
    // An end that was not noted is taken for a crash, which is safe.
  }
  db_.reset();
  // After SQLite: closing any descriptor of a file ends the process's other locks on it.
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

std::expected<void, std::string> SqliteFile::lock() {
  lock_fd_ = ::open(options_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0)
    return std::unexpected("the history file " + options_.path +
                           " cannot be opened: " + std::strerror(errno));
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0)
    return std::unexpected("the history file " + options_.path + " is in use by another process");
  return {};
}

void SqliteFile::prepare() {
  db_ = std::make_unique<SqliteDb>(options_.path, options_.vfs);
  check();
  db_->run("PRAGMA journal_mode = WAL");
  db_->run(options_.sync == HistorySync::off ? "PRAGMA synchronous = NORMAL"
                                             : "PRAGMA synchronous = FULL");
  db_->run("PRAGMA cache_size = -65536");
  migrate();
  note_start();
}

void SqliteFile::check() {
  const std::int64_t version = db_->number("PRAGMA user_version");
  const bool empty = db_->number("SELECT count(*) FROM sqlite_schema") == 0;
  if (!empty && db_->number("PRAGMA application_id") != kApplicationId)
    throw SqliteError(SQLITE_NOTADB, "it is the database of another program");
  if (version > kVersion)
    throw SqliteError(SQLITE_ERROR, "it was written by a newer version (layout " +
                                        std::to_string(version) + ", this one knows " +
                                        std::to_string(kVersion) + ")");
  struct stat status = {};
  if (::fstat(lock_fd_, &status) == 0 && status.st_size > 0 && status.st_size <= kCheckBytesMax) {
    const std::string found = db_->text("PRAGMA quick_check(1)");
    if (found != "ok") throw SqliteError(SQLITE_CORRUPT, "it is damaged: " + found);
  }
}

void SqliteFile::migrate() {
  for (std::int64_t at = db_->number("PRAGMA user_version"); at < kVersion; ++at) {
    db_->run("BEGIN IMMEDIATE");
    db_->run(kMigrations[static_cast<std::size_t>(at)]);
    db_->run("PRAGMA application_id = " + std::to_string(kApplicationId));
    db_->run("PRAGMA user_version = " + std::to_string(at + 1));
    db_->run("COMMIT");
  }
}

void SqliteFile::note_start() {
  const std::string boot = options_.boot_id.empty() ? machine_boot_id() : options_.boot_id;
  const auto meta = [this](const std::string& name) {
    return db_->text("SELECT value FROM meta WHERE name = '" + name + "'");
  };
  db_->run("BEGIN IMMEDIATE");
  if (meta("sync") == "off" && meta("clean") == "0" && meta("boot") != boot) {
    db_->run(kBeginAnew);
    began_anew_ = true;
  }
  SqliteStatement put(*db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)");
  if (began_anew_ || meta("seed").empty()) put.with(std::string_view("seed"), random_id()).run();
  put.with(std::string_view("sync"),
           std::string_view(options_.sync == HistorySync::off ? "off" : "on"))
      .run();
  put.with(std::string_view("clean"), std::string_view("0")).run();
  put.with(std::string_view("boot"), boot).run();
  // With `off` this mark must be on the disk before the first change that may be lost.
  db_->run("COMMIT");
  if (options_.sync == HistorySync::off) db_->run("PRAGMA wal_checkpoint(FULL)");
}

}  // namespace tidewire
