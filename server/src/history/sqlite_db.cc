#include "history/sqlite_db.h"

#include <sqlite3.h>

namespace tidewire {
namespace {

constexpr int kBusyMs = 5'000;

void check(sqlite3* db, int code) {
  if (code == SQLITE_OK) return;
  throw SqliteError(code, db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

}  // namespace

SqliteDb::SqliteDb(const std::string& path, const std::string& vfs) {
  const int code = sqlite3_open_v2(path.c_str(), &db_,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    const SqliteError error(code, db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code));
    sqlite3_close(db_);
    throw error;
  }
  sqlite3_busy_timeout(db_, kBusyMs);
}

SqliteDb::~SqliteDb() { sqlite3_close(db_); }

void SqliteDb::run(const std::string& sql) {
  check(db_, sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t SqliteDb::number(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  return statement.step() ? statement.number(0) : 0;
}

std::string SqliteDb::text(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  return statement.step() ? statement.string(0) : std::string();
}

std::int64_t SqliteDb::last_id() const { return sqlite3_last_insert_rowid(db_); }
bool SqliteDb::changed() const { return sqlite3_changes(db_) > 0; }
std::int64_t SqliteDb::changes() const { return sqlite3_total_changes64(db_); }
bool SqliteDb::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

SqliteStatement::SqliteStatement(SqliteDb& db, std::string_view sql) : db_(db) {
  check(db.handle(), sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const SqliteError error(code, sqlite3_errmsg(db_.handle()));
  sqlite3_reset(statement_);
  throw error;
}

// What a failed step() said was thrown there; the result of the reset repeats it.
void SqliteStatement::reset() { sqlite3_reset(statement_); }

std::int64_t SqliteStatement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view SqliteStatement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

void SqliteStatement::bind(int at, std::int64_t value) {
  check(db_.handle(), sqlite3_bind_int64(statement_, at, value));
}

void SqliteStatement::bind(int at, std::string_view value) {
  check(db_.handle(), sqlite3_bind_text(statement_, at, value.data() != nullptr ? value.data() : "",
                                        static_cast<int>(value.size()), SQLITE_STATIC));
}

}  // namespace tidewire
