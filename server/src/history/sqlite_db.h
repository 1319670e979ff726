#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tidewire {

/// What SQLite refused to do. Thrown inside of the sqlite_* files of this folder only.
class SqliteError : public std::runtime_error {
 public:
  SqliteError(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
  [[nodiscard]] int code() const { return code_; }

 private:
  int code_;
};

/// One connection to a database file. Thread: one at a time.
class SqliteDb {
 public:
  /// `vfs`: the name of the file system to use, empty for the machine's.
  SqliteDb(const std::string& path, const std::string& vfs);
  ~SqliteDb();
  SqliteDb(const SqliteDb&) = delete;
  SqliteDb& operator=(const SqliteDb&) = delete;

  void run(const std::string& sql);
  /// The first column of the first row; 0 and empty when there is no row.
  [[nodiscard]] std::int64_t number(const std::string& sql);
  [[nodiscard]] std::string text(const std::string& sql);
  [[nodiscard]] std::int64_t last_id() const;
  [[nodiscard]] bool changed() const;          // by the last statement
  [[nodiscard]] std::int64_t changes() const;  // rows, since the connection was opened
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] sqlite3* handle() { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

/// A prepared statement. bind() counts from 1, columns from 0. What is bound as text must live
/// until the statement has run.
class SqliteStatement {
 public:
  SqliteStatement(SqliteDb& db, std::string_view sql);
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  /// Binds all parameters, in order.
  template <typename... Values>
  SqliteStatement& with(const Values&... values) {
    reset();
    int at = 0;
    (bind(++at, values), ...);
    return *this;
  }
  /// Runs to the next row; false: there is none.
  bool step();
  /// Runs a statement that has no rows.
  void run() {
    while (step()) {
    }
    reset();
  }
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::uint64_t count(int column) const {
    return static_cast<std::uint64_t>(number(column));
  }
  /// Until the next step().
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }

 private:
  void bind(int at, std::int64_t value);
  void bind(int at, std::uint64_t value) { bind(at, static_cast<std::int64_t>(value)); }
  void bind(int at, int value) { bind(at, std::int64_t{value}); }
  void bind(int at, bool value) { bind(at, std::int64_t{value}); }
  void bind(int at, std::string_view value);
  void bind(int at, const std::string& value) { bind(at, std::string_view(value)); }

  SqliteDb& db_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace tidewire
