#include "history/sqlite_storage.h"

#include <system_error>
#include <utility>

#include "history/sqlite_stores.h"

namespace tidewire {

namespace {

void tell_sessions(SqliteDb& db, const SqliteStorageOptions& options) {
  SqliteStatement(db, "UPDATE sessions SET expires_at = ?1 WHERE expires_at > ?1")
      .with(options.connected_until)
      .run();
  if (!options.found_session) return;
  SqliteStatement each(db, "SELECT id, user, expires_at FROM sessions ORDER BY expires_at");
  while (each.step())
    options.found_session(
        {.id = each.string(0), .user_id = each.string(1), .expires_at = each.number(2)});
}

}  // namespace

struct SqliteStorage::Parts {
  struct ForShard {
    ForShard(std::uint16_t shard, Parts& parts)
        : door(shard, parts.queue),
          history(door, *parts.reader, parts.file->options(),
                  [&parts, shard](Task task) { parts.options.post(shard, std::move(task)); }),
          sessions(door, parts.options.sessions) {}

    SqliteDoor door;
    SqliteHistoryStore history;
    SqliteSessionStore sessions;
  };

  Parts(SqliteStorageOptions wanted, std::unique_ptr<SqliteFile> opened)
      : options(std::move(wanted)),
        file(std::move(opened)),
        queue(options.queue_bytes_max, metrics.queue_bytes),
        transaction(*file, options.sessions, options.meta_ttl),
        checkpointer(*file),
        reader(std::make_unique<SqliteReader>(file->options().path, file->options().vfs)) {
    for (std::size_t i = 0; i < options.shards; ++i)
      shards.push_back(std::make_unique<ForShard>(static_cast<std::uint16_t>(i), *this));
    writer = std::make_unique<SqliteWriter>(
        *file, queue, transaction, checkpointer, metrics, options.shards,
        [this](std::uint16_t shard, SqliteOutcome outcome) {
          options.post(shard, [door = &shards[shard]->door, outcome = std::move(outcome)] {
            door->take(outcome);
          });
        });
  }

  // The threads first: what they do for a shard, they do through its stores.
  ~Parts() {
    writer.reset();
    reader.reset();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  SqliteStorageOptions options;
  std::unique_ptr<SqliteFile> file;
  StoreMetrics metrics;
  SqliteQueue queue;
  SqliteTransaction transaction;
  SqliteCheckpointer checkpointer;
  std::unique_ptr<SqliteReader> reader;
  std::vector<std::unique_ptr<ForShard>> shards;
  std::unique_ptr<SqliteWriter> writer;
};

std::expected<std::unique_ptr<SqliteStorage>, std::string> SqliteStorage::open(
    SqliteStorageOptions options) {
  auto file = SqliteFile::open(options.file);
  if (!file) return std::unexpected(std::move(file.error()));
  const std::string path = options.file.path;
  try {
    tell_sessions((*file)->db(), options);
    return std::unique_ptr<SqliteStorage>(
        new SqliteStorage(std::make_unique<Parts>(std::move(options), std::move(*file))));
  } catch (const std::runtime_error& error) {
    return std::unexpected("the history file " + path + " cannot be used: " + error.what());
  }
}

SqliteStorage::SqliteStorage(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SqliteStorage::~SqliteStorage() = default;

HistoryStore& SqliteStorage::history(std::size_t shard) { return parts_->shards[shard]->history; }
SessionStore& SqliteStorage::sessions(std::size_t shard) { return parts_->shards[shard]->sessions; }
StoreMetrics& SqliteStorage::metrics() { return parts_->metrics; }
std::optional<std::string> SqliteStorage::fault() const { return parts_->writer->fault(); }
bool SqliteStorage::began_anew() const { return parts_->file->began_anew(); }

}  // namespace tidewire
