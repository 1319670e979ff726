#include "history/sqlite_transaction.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"

namespace tidewire {
namespace {

constexpr std::size_t kTrimRowsMax = 4'096;  // in one trim, so that no transaction is long
constexpr std::size_t kForgottenMax = 64;    // channels at a time
constexpr WallMillis kDueStepMs = 60'000;    // due_at moves in steps: its index is rarely touched

WallMillis step_up(WallMillis at) { return (at / kDueStepMs + 2) * kDueStepMs; }

}  // namespace

SqliteTransaction::SqliteTransaction(SqliteFile& file, const SessionStoreLimits& sessions,
                                     WallMillis meta_ttl)
    : db_(file.db()),
      session_limits_(sessions),
      meta_ttl_(meta_ttl),
      sessions_(db_.number("SELECT count(*) FROM sessions")),
      begin_(db_, "BEGIN IMMEDIATE"),
      commit_(db_, "COMMIT"),
      add_channel_(db_,
                   "INSERT INTO channels (name, epoch, top, total, state_version, due_at) VALUES "
                   "(?, ?, 0, 0, 0, ?)"),
      set_channel_(db_,
                   "UPDATE channels SET top = ?2, total = ?3, state_version = ?4 WHERE id = ?1"),
      set_due_(db_, "UPDATE channels SET due_at = ?2 WHERE id = ?1"),
      put_channel_(db_, "INSERT OR REPLACE INTO channels VALUES (?, ?, ?, ?, ?, ?, ?)"),
      append_(db_, "INSERT INTO publications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      add_key_(db_, "INSERT INTO keys VALUES (?, ?, ?, ?, ?)"),
      oldest_(db_, "SELECT at, total, ts FROM publications WHERE channel = ? ORDER BY at"),
      cut_(db_, "DELETE FROM publications WHERE channel = ? AND at <= ?"),
      oldest_keys_(db_, "SELECT at, expires_at FROM keys WHERE channel = ? ORDER BY at"),
      cut_keys_(db_, "DELETE FROM keys WHERE channel = ? AND at <= ?"),
      set_state_(db_, "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      erase_state_(db_, "DELETE FROM state WHERE channel = ? AND key = ?"),
      set_cursor_(db_, "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)"),
      erase_cursor_(db_, "DELETE FROM cursors WHERE channel = ? AND consumer = ?"),
      put_session_(db_, "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)"),
      get_session_(db_, "SELECT user, body, expires_at FROM sessions WHERE id = ?"),
      erase_session_(db_, "DELETE FROM sessions WHERE id = ?"),
      expire_sessions_(db_, "DELETE FROM sessions WHERE expires_at <= ?"),
      set_seed_(db_, kSetSeed),
      due_(db_, "SELECT id FROM channels WHERE due_at <= ? LIMIT 64") {}

void SqliteTransaction::begin() {
  sessions_before_ = sessions_;
  begin_.run();
}

std::optional<Error> SqliteTransaction::apply(SqliteWork& work, WallMillis now) {
  now_ = now;
  refused_.reset();
  std::visit([&](auto& what) { apply_to(work, what); }, work.what);
  return std::exchange(refused_, std::nullopt);
}

void SqliteTransaction::commit() {
  write_channels();
  commit_.run();
  for (const auto& channel : dirty_) {
    channel->in_file = channel->next;
    channel->dirty = false;
  }
  dirty_.clear();
}

void SqliteTransaction::rollback() {
  sessions_ = sessions_before_;
  for (const auto& channel : dirty_) {
    channel->next = channel->in_file;
    channel->dirty = false;
  }
  dirty_.clear();
  begin_.reset();
  commit_.reset();
  if (db_.in_transaction()) db_.run("ROLLBACK");
}

std::int64_t SqliteTransaction::touch(const std::shared_ptr<SqliteChannel>& channel) {
  if (!channel->dirty) {
    channel->dirty = true;
    dirty_.push_back(channel);
  }
  if (channel->next.id == 0) {
    channel->next.due_at = step_up(now_ + meta_ttl_);
    add_channel_.with(channel->name, channel->epoch, channel->next.due_at).run();
    channel->next.id = db_.last_id();
  }
  return channel->next.id;
}

void SqliteTransaction::write_channels() {
  for (const auto& channel : dirty_) {
    const SqliteChannel::Row& row = channel->next;
    set_channel_.with(row.id, row.top, row.total, row.state_version).run();
    if (!db_.changed()) {
      // It was forgotten while somebody listened to it without a word.
      put_channel_
          .with(row.id, channel->name, channel->epoch, row.top, row.total, row.state_version,
                row.due_at)
          .run();
    } else if (row.due_at != channel->in_file.due_at) {
      set_due_.with(row.id, row.due_at).run();
    }
  }
}

void SqliteTransaction::apply_to(SqliteWork& work, AppendChange& change) {
  const std::int64_t id = touch(work.channel);
  const Publication& each = *change.publication;
  append_
      .with(id, each.offset, change.total, each.ts, each.type(), static_cast<int>(each.priority),
            each.echo, each.sender().user_id, each.sender().connection_id, each.sender().client,
            each.key, each.trace, std::uint64_t{each.payload_at}, std::uint64_t{each.payload_size},
            each.json())
      .run();
  if (!change.key.empty() && change.key_expires_at > each.ts)
    add_key_.with(id, each.offset, each.sender().user_id, change.key, change.key_expires_at).run();
  SqliteChannel::Row& row = work.channel->next;
  row.top = each.offset;
  row.total = change.total;
  row.due_at = std::max(row.due_at, step_up(std::max(change.expires_at, change.key_expires_at)));
}

void SqliteTransaction::apply_to(SqliteWork& work, StateSetChange& change) {
  const std::int64_t id = touch(work.channel);
  const StoredState& value = change.value;
  set_state_
      .with(id, value.key, value.json, value.version, value.expires_at, value.from.user_id,
            value.from.connection_id, value.from.client)
      .run();
  work.channel->next.state_version = value.version;
}

void SqliteTransaction::apply_to(SqliteWork& work, StateEraseChange& change) {
  erase_state_.with(touch(work.channel), change.key).run();
  work.channel->next.state_version = change.version;
}

void SqliteTransaction::apply_to(SqliteWork& work, CursorChange& change) {
  set_cursor_
      .with(touch(work.channel), change.cursor.consumer, change.cursor.offset, change.cursor.body)
      .run();
}

void SqliteTransaction::apply_to(SqliteWork& work, CursorEraseChange& change) {
  erase_cursor_.with(touch(work.channel), change.consumer).run();
}

void SqliteTransaction::apply_to(SqliteWork& work, TrimWork& trim) {
  const std::int64_t id = work.channel->next.id;
  if (id == 0) return;
  std::int64_t last = 0;
  oldest_.with(id);
  for (std::size_t i = 0; i < kTrimRowsMax && oldest_.step(); ++i) {
    if (trim.kept.keeps(oldest_.count(0), oldest_.count(1), oldest_.number(2))) break;
    last = oldest_.number(0);
  }
  oldest_.reset();
  if (last > 0) cut_.with(id, last).run();
  last = 0;
  oldest_keys_.with(id);
  for (std::size_t i = 0; i < kTrimRowsMax && oldest_keys_.step(); ++i) {
    if (oldest_keys_.number(1) > trim.now) break;
    last = oldest_keys_.number(0);
  }
  oldest_keys_.reset();
  if (last > 0) cut_keys_.with(id, last).run();
}

void SqliteTransaction::apply_to(SqliteWork& /*work*/, SessionPutWork& put) {
  const SessionRecord& record = put.record;
  const bool known = get_session_.with(record.id).step();
  get_session_.reset();
  if (!known && sessions_ >= static_cast<std::int64_t>(session_limits_.records_max)) {
    refused_ = Error{.code = ErrorCode::limit_exceeded, .message = "too many sessions are kept"};
    return;
  }
  put_session_.with(record.id, record.user_id, record.body, record.expires_at).run();
  if (!known) ++sessions_;
}

void SqliteTransaction::apply_to(SqliteWork& /*work*/, SessionGetWork& get) {
  if (get_session_.with(get.id).step() && get_session_.number(2) > get.now)
    *get.found = SessionRecord{.id = get.id,
                               .user_id = get_session_.string(0),
                               .body = get_session_.string(1),
                               .expires_at = get_session_.number(2)};
  get_session_.reset();
}

void SqliteTransaction::apply_to(SqliteWork& /*work*/, SessionEraseWork& erase) {
  erase_session_.with(erase.id).run();
  if (db_.changed()) --sessions_;
}

void SqliteTransaction::apply_to(SqliteWork& /*work*/, SessionExpireWork& expire) {
  expire_sessions_.with(expire.now).run();
  if (db_.changed()) sessions_ = db_.number("SELECT count(*) FROM sessions");
}

bool SqliteTransaction::forget(WallMillis now) {
  now_ = now;
  std::vector<std::int64_t> ids;
  due_.with(now);
  while (due_.step()) ids.push_back(due_.number(0));
  due_.reset();
  if (ids.empty()) return false;
  begin();
  for (const std::int64_t id : ids) forget_channel(id);
  commit_.run();
  return ids.size() == kForgottenMax;
}

/// First the publications go, all of which are too old; when the channel is not used for
/// meta_ttl after that, its epoch and top go too, unless it has state, which has no age.
void SqliteTransaction::forget_channel(std::int64_t id) {
  const std::string channel = " WHERE channel = " + std::to_string(id);
  const bool had_any = db_.number("SELECT EXISTS (SELECT 1 FROM publications" + channel + ")") != 0;
  const bool has_state = db_.number("SELECT EXISTS (SELECT 1 FROM state" + channel + ")") != 0;
  db_.run("DELETE FROM publications" + channel);
  db_.run("DELETE FROM keys" + channel);
  if (had_any || has_state) return set_due_.with(id, step_up(now_ + meta_ttl_)).run();
  db_.run("DELETE FROM cursors" + channel);
  db_.run("DELETE FROM channels WHERE id = " + std::to_string(id));
  set_seed_.with(random_id()).run();
}

}  // namespace tidewire
