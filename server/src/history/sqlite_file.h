#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "base/clock.h"
#include "history/sqlite_db.h"

namespace tidewire {

/// When a change counts as stored.
enum class HistorySync : std::uint8_t {
  always,  // each change alone is written to the disk (fsync)
  batch,   // what waits together is written to the disk together
  off,     // when the system has it: survives the process, not the machine
};

/// When the write-ahead log is copied into the database, in pages of 4 KiB.
struct CheckpointPages {
  int begin_at = 16'384;  // fewer at a time would have fewer neighbours to write at once
  int rest_max = 1'024;   // that the writer copies itself
  int log_max = 65'536;   // that the log may grow to, should copying be slower than writing
};

struct SqliteFileOptions {
  std::string path;
  HistorySync sync = HistorySync::batch;
  CheckpointPages checkpoint;
  std::string vfs;      // for tests; empty: the machine's files
  std::string boot_id;  // for tests; empty: the machine's
};

/// What epochs of channels that are not in the file follow from, so that they outlive a restart. It
/// changes whenever the file forgets an epoch, so that no position ever names two events.
inline constexpr const char* kReadSeed = "SELECT value FROM meta WHERE name = 'seed'";
inline constexpr const char* kSetSeed = "UPDATE meta SET value = ? WHERE name = 'seed'";

/// The database file: found or made, locked for this process, checked, brought to the newest
/// layout, and opened for writing.
///
/// Errors: a sentence with the path. A file that is not ours, of a newer version, damaged or in use
///         is left as it is.
class SqliteFile {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<SqliteFile>, std::string> open(
      const SqliteFileOptions& options);
  ~SqliteFile();
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  [[nodiscard]] SqliteDb& db() { return *db_; }
  [[nodiscard]] const SqliteFileOptions& options() const { return options_; }
  /// The machine went down while changes were with the system only, so all channels have begun a
  /// new life.
  [[nodiscard]] bool began_anew() const { return began_anew_; }

  static constexpr int kVersion = 1;

 private:
  explicit SqliteFile(const SqliteFileOptions& options) : options_(options) {}
  [[nodiscard]] std::expected<void, std::string> lock();
  void prepare();
  void check();
  void migrate();
  void note_start();

  SqliteFileOptions options_;
  int lock_fd_ = -1;
  std::unique_ptr<SqliteDb> db_;
  bool began_anew_ = false;
};

}  // namespace tidewire
