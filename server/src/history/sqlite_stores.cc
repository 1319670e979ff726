#include "history/sqlite_stores.h"

#include <utility>

namespace tidewire {
namespace {

constexpr std::size_t kWorkBytes = 256;  // about what a change costs besides its texts

Error cannot_read(const char* reason) {
  return {.code = ErrorCode::unavailable,
          .message = std::string("the history store cannot read: ") + reason,
          .retry_after_ms = 1'000};
}

std::size_t size_of(const StoreChange& change) {
  if (const auto* append = std::get_if<AppendChange>(&change))
    return append->publication->cost() + append->key.size();
  if (const auto* state = std::get_if<StateSetChange>(&change))
    return state->value.key.size() + state->value.json.size();
  if (const auto* cursor = std::get_if<CursorChange>(&change)) return cursor->cursor.body.size();
  return 0;
}

std::unique_ptr<SqliteWork> session_work(decltype(SqliteWork::what) what, std::size_t bytes) {
  auto work = std::make_unique<SqliteWork>();
  work->bytes = kWorkBytes + bytes;
  work->what = std::move(what);
  return work;
}

}  // namespace

std::expected<ChannelLife, Error> SqliteHistoryStore::open(const std::string& channel,
                                                           const OpenLimits& limits) {
  try {
    return reads_.open(channel, limits);
  } catch (const SqliteError& error) {
    return std::unexpected(cannot_read(error.what()));
  }
}

std::expected<void, Error> SqliteHistoryStore::write(const StoredChannelPtr& channel,
                                                     StoreChange change, Done done) {
  auto work = std::make_unique<SqliteWork>();
  work->bytes = kWorkBytes + size_of(change);
  work->channel = std::static_pointer_cast<SqliteChannel>(channel);
  std::visit([&](auto& each) { work->what = std::move(each); }, change);
  return door_.send(std::move(work), std::move(done));
}

void SqliteHistoryStore::read(const StoredChannelPtr& channel, const StoreRead& wanted,
                              ReadDone done) {
  // Shared, because a job that is refused must still be answered.
  auto asker = std::make_shared<ReadDone>(std::move(done));
  const bool asked = reader_.ask([this, channel, wanted, asker](SqliteReads& reads) {
    std::expected<std::vector<PublicationPtr>, Error> found;
    try {
      found = reads.read(channel->name, channel->epoch, wanted);
    } catch (const SqliteError& error) {
      found = std::unexpected(cannot_read(error.what()));
    }
    post_([found = std::move(found), asker]() mutable { (*asker)(std::move(found)); });
  });
  if (!asked)
    (*asker)(fail(ErrorCode::overloaded, "too many readers of the history store are waiting"));
}

void SqliteHistoryStore::trim(const StoredChannelPtr& channel, const KeptRange& kept,
                              WallMillis now) {
  auto work = std::make_unique<SqliteWork>();
  work->bytes = kWorkBytes;
  work->channel = std::static_pointer_cast<SqliteChannel>(channel);
  work->what = TrimWork{kept, now};
  door_.send(std::move(work));
}

void SqliteSessionStore::send(std::unique_ptr<SqliteWork> work, Done done) {
  auto asker = std::make_shared<Done>(std::move(done));
  const auto sent = door_.send(
      std::move(work), [asker](const std::expected<void, Error>& result) { (*asker)(result); });
  if (!sent) (*asker)(std::unexpected(sent.error()));
}

void SqliteSessionStore::put(SessionRecord record, Done done) {
  if (record.body.size() > limits_.body_bytes_max)
    return done(
        fail(ErrorCode::limit_exceeded,
             "a session's record is at most " + std::to_string(limits_.body_bytes_max) + " bytes"));
  const std::size_t bytes = record.body.size();
  send(session_work(SessionPutWork{std::move(record)}, bytes), std::move(done));
}

void SqliteSessionStore::get(std::string id, WallMillis now, Found found) {
  auto slot = std::make_shared<std::optional<SessionRecord>>();
  send(session_work(SessionGetWork{std::move(id), now, slot}, 0),
       [slot, found = std::move(found)](const std::expected<void, Error>& done) mutable {
         if (!done) return found(std::unexpected(done.error()));
         found(std::move(*slot));
       });
}

void SqliteSessionStore::erase(std::string id, Done done) {
  send(session_work(SessionEraseWork{std::move(id)}, 0), std::move(done));
}

void SqliteSessionStore::expire(WallMillis now) {
  door_.send(session_work(SessionExpireWork{now}, 0));
}

}  // namespace tidewire
