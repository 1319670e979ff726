#pragma once

#include <functional>

#include "history/sqlite_door.h"
#include "history/sqlite_reader.h"

namespace tidewire {

/// The channels of one shard in the file. Looking a channel up reads the file at once, through a
/// connection of the shard's own.
class SqliteHistoryStore final : public HistoryStore {
 public:
  using PostHere = std::function<void(Task)>;

  SqliteHistoryStore(SqliteDoor& door, SqliteReader& reader, const SqliteFileOptions& file,
                     PostHere post)
      : door_(door), reader_(reader), reads_(file.path, file.vfs), post_(std::move(post)) {}

  std::expected<ChannelLife, Error> open(const std::string& channel,
                                         const OpenLimits& limits) override;
  std::expected<void, Error> write(const StoredChannelPtr& channel, StoreChange change,
                                   Done done) override;
  void read(const StoredChannelPtr& channel, const StoreRead& wanted, ReadDone done) override;
  void trim(const StoredChannelPtr& channel, const KeptRange& kept, WallMillis now) override;
  void close(const StoredChannelPtr& /*channel*/) override {}
  [[nodiscard]] bool outlives_memory() const override { return true; }

 private:
  SqliteDoor& door_;
  SqliteReader& reader_;
  SqliteReads reads_;
  PostHere post_;
};

/// The sessions in the file, as one shard reaches them.
class SqliteSessionStore final : public SessionStore {
 public:
  SqliteSessionStore(SqliteDoor& door, const SessionStoreLimits& limits)
      : door_(door), limits_(limits) {}

  void put(SessionRecord record, Done done) override;
  void get(std::string id, WallMillis now, Found found) override;
  void erase(std::string id, Done done) override;
  void expire(WallMillis now) override;

 private:
  void send(std::unique_ptr<SqliteWork> work, Done done);

  SqliteDoor& door_;
  SessionStoreLimits limits_;
};

}  // namespace tidewire
