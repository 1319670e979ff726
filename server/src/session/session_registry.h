#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "history/session_store.h"
#include "hub/shard_mesh.h"
#include "session/parked_session.h"

namespace tidewire {

/// The connection that a session has.
struct SessionHolder {
  ShardIndex shard = 0;
  std::string connection_id;
  MonoMillis since = 0;  // when the connection was opened
};

/// Who wants to go on with a session.
struct SessionClaim {
  std::string session_id;
  std::string user_id;
  SessionHolder holder;
  bool create = false;    // under this id when there is none: the token is bound to it
  bool in_place = false;  // by a connection in use, which may be older than the one that has it
};

struct SessionLimits {
  std::int64_t ttl_ms = 120'000;  // 0: sessions end with their connections
  std::size_t parked_max = 100'000;
  std::size_t parked_per_user_max = 10;
  std::size_t parked_bytes_max = 256 * 1024;  // of one session
  std::size_t events_max = 100;               // that wait for one session
};

/// One session, as operators see it.
struct SessionSummary {
  std::string session_id;
  std::string user_id;
  std::optional<SessionHolder> holder;  // nullopt: parked
  std::optional<std::size_t> channels;  // of a parked one; nullopt: it has not been read yet
  std::optional<std::size_t> events;
  WallMillis expires_at = 0;
};

/// Every session of the server: which connection has it, or what is parked of it. Of one that the
/// last process has left in a store, and that nobody has claimed yet, only whose it is and when it
/// ends.
///
/// Owner:  the server; one instance.
/// Thread: any. The mutex is taken when a session begins, ends, is claimed or is sent an event,
///         never for a message of a channel.
/// Order:  a session has one holder. While a claim moves it from one connection to another (until
///         settle()), other claims find it `busy` and wait().
/// Limit:  SessionLimits. Past a number of parked sessions the one parked first ends; one that is
///         too large is not kept; past events_max the oldest event is dropped. What is only in a
///         store counts nowhere: the store has its own limit.
class SessionRegistry {
 public:
  explicit SessionRegistry(const SessionLimits& limits) : limits_(limits) {}

  [[nodiscard]] const SessionLimits& limits() const { return limits_; }

  /// Before the shards run: what a store has kept. In the order of their ends, none of which comes
  /// later than that of a session that is parked now.
  void restore(const SessionRecord& record);

  void begin(std::string_view session_id, std::string_view user_id, SessionHolder holder);

  enum class Found : std::uint8_t { nothing, parked, stored, held, busy, other_user, newer };
  struct Claimed {
    Found found = Found::nothing;
    SessionHolder previous;                // held: who must give it up
    std::optional<ParkedSession> session;  // parked
  };
  /// From now on `claim.holder` has the session, unless `found` is busy, other_user or newer (the
  /// connection that has it was opened later), or nothing and not create. After `held` or `stored`
  /// settle() must follow.
  [[nodiscard]] Claimed claim(const SessionClaim& claim, WallMillis now);
  struct Waiter {
    ShardIndex shard;
    Task task;
  };
  /// The claim is over; those who waited for that, each to be run on its shard.
  [[nodiscard]] std::vector<Waiter> settle(std::string_view session_id);
  /// Keeps `waiter` until the session is settled; false: it is, and `waiter` is untouched.
  [[nodiscard]] bool wait(std::string_view session_id, Waiter& waiter);

  /// Notes that a store knows of the session; false: this connection does not have it.
  [[nodiscard]] bool note_stored(std::string_view session_id, std::string_view connection_id);

  /// Keeps what is left; false: it is another's by now, or too large and therefore ended.
  bool park(ParkedSession session, std::string_view connection_id, WallMillis now);
  /// What a connection parked while the session was claimed from it.
  [[nodiscard]] std::optional<ParkedSession> take(std::string_view session_id);
  /// The session ends, if this connection still has it. True: a store knew of it.
  bool end(std::string_view session_id, std::string_view connection_id);

  /// Forgets what is only in a store, and is due there too; how many they were.
  std::size_t expire_stored(WallMillis now);
  /// Forgets what else is due; the ids of what had no connection and has ended since the last call,
  /// for whatever reason, and of what mark_ended() named.
  [[nodiscard]] std::vector<std::string> expire(WallMillis now);
  /// It has ended, but a store may still know of it. Past parked_max of them the store is not told.
  void mark_ended(std::string_view session_id);

  /// `skipped`: it is parked, and the event is not for it then; `full`: it would grow too large;
  /// `stored`: it is only in a store, and is settled when the event is there.
  enum class Queued : std::uint8_t { unknown, held, busy, queued, skipped, full, stored };
  struct Reached {
    Queued what = Queued::unknown;
    SessionHolder holder;
  };
  /// Where `session_id` is at the time of the event, which waits there for a parked one if `keep`.
  Reached reach(std::string_view session_id, const DirectEvent& event, bool keep);
  /// Puts the event behind those that wait; false: there is no room for it.
  bool add(const DirectEvent& event, ParkedSession& session) const;

  [[nodiscard]] std::vector<std::string> of_user(std::string_view user_id) const;
  [[nodiscard]] std::optional<ParkedSession> parked(std::string_view session_id) const;
  [[nodiscard]] std::vector<SessionSummary> list(std::string_view user_id, std::size_t limit) const;
  [[nodiscard]] std::size_t parked_count() const;

 private:
  struct Entry;
  using Known = std::pair<const std::string, Entry>;      // a session by its id
  using Users = std::unordered_map<std::string, Known*>;  // the newest session of each

  struct Entry {
    Users::value_type* user;
    Known* older = nullptr;  // of the same user
    Known** link = nullptr;  // what points here
    std::optional<SessionHolder> holder = std::nullopt;
    std::unique_ptr<ParkedSession> parked = nullptr;
    WallMillis stored_until = 0;  // neither: it is only in a store
    std::uint64_t place = 0;      // in the order of parking; 0: none
    bool moving = false;
    bool stored = false;  // a store may know of it; of what has been parked it always does
  };
  using Entries = std::unordered_map<std::string, Entry>;

  [[nodiscard]] static WallMillis ends_at(const Entry& entry) {
    return entry.parked ? entry.parked->expires_at : entry.stored_until;
  }
  /// nullptr: there is none.
  [[nodiscard]] Known* find(std::string_view session_id);
  Known& insert(std::string_view session_id, std::string_view user_id);
  void erase(Known& known);
  /// Erases what a store still knows of.
  void forget(Known& known);
  void put_in_order(Known& known);
  [[nodiscard]] std::optional<ParkedSession> unpark(Entry& entry);
  void make_room(Known* newest);

  const SessionLimits limits_;
  mutable std::mutex mutex_;
  Entries entries_;
  Users users_;
  std::map<std::uint64_t, Known*> order_;  // without a connection, oldest first
  std::uint64_t serial_ = 0;
  std::uint64_t restored_ = 0;  // the last place of what is only in a store
  std::size_t stored_ = 0;      // how many of them there are
  /// Have ended, although a store may know of them.
  std::set<std::string, std::less<>> ended_;
  std::unordered_map<std::string, std::vector<Waiter>> waiters_;  // for what is moving
};

}  // namespace tidewire
