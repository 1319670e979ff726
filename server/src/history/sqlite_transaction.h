#pragma once

#include <vector>

#include "history/sqlite_file.h"
#include "history/sqlite_work.h"

namespace tidewire {

/// Turns work into rows, one transaction at a time.
///
/// Owner:  the writer. Thread: the writer's.
/// Errors: SqliteError; then rollback() puts the channels back to what is in the file.
class SqliteTransaction {
 public:
  SqliteTransaction(SqliteFile& file, const SessionStoreLimits& sessions, WallMillis meta_ttl);

  void begin();
  /// `limit_exceeded` of a session that is refused; the transaction goes on without it.
  std::optional<Error> apply(SqliteWork& work, WallMillis now);
  void commit();
  void rollback();

  /// Lets go of what nobody has any use for by `now`; a bounded part of it. True: there is more.
  bool forget(WallMillis now);

 private:
  void apply_to(SqliteWork& work, AppendChange& change);
  void apply_to(SqliteWork& work, StateSetChange& change);
  void apply_to(SqliteWork& work, StateEraseChange& change);
  void apply_to(SqliteWork& work, CursorChange& change);
  void apply_to(SqliteWork& work, CursorEraseChange& change);
  void apply_to(SqliteWork& work, TrimWork& trim);
  void apply_to(SqliteWork& work, SessionPutWork& put);
  void apply_to(SqliteWork& work, SessionGetWork& get);
  void apply_to(SqliteWork& work, SessionEraseWork& erase);
  void apply_to(SqliteWork& work, SessionExpireWork& expire);

  std::int64_t touch(const std::shared_ptr<SqliteChannel>& channel);
  void write_channels();
  void forget_channel(std::int64_t id);

  SqliteDb& db_;
  SessionStoreLimits session_limits_;
  WallMillis meta_ttl_;
  WallMillis now_ = 0;
  std::optional<Error> refused_;
  std::int64_t sessions_ = 0;
  std::int64_t sessions_before_ = 0;
  std::vector<std::shared_ptr<SqliteChannel>> dirty_;

  SqliteStatement begin_, commit_;
  SqliteStatement add_channel_, set_channel_, set_due_, put_channel_;
  SqliteStatement append_, add_key_, oldest_, cut_, oldest_keys_, cut_keys_;
  SqliteStatement set_state_, erase_state_, set_cursor_, erase_cursor_;
  SqliteStatement put_session_, get_session_, erase_session_, expire_sessions_;
  SqliteStatement set_seed_;
  SqliteStatement due_;
};

}  // namespace tidewire
