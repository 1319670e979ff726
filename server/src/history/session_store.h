#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "base/clock.h"
#include "protocol/error.h"

namespace tidewire {

/// One session as it was when it was written: who it is, and what the session layer needs to
/// go on, in a form that only that layer reads.
struct SessionRecord {
  std::string id;
  std::string user_id;
  std::string body;
  WallMillis expires_at = 0;
};

/// The end of a session that has a connection. Whoever opens the store after the process has ended
/// gives it another one.
inline constexpr WallMillis kWhileConnected = std::numeric_limits<WallMillis>::max();

struct SessionStoreLimits {
  std::size_t records_max = 1'000'000;
  std::size_t body_bytes_max = 256 * 1024;
};

/// Where sessions are kept, by session id: those without a connection, and what would be left of
/// the others if the process ended now.
///
/// Thread: any shard's. An answer comes on the shard that asked, at once or in a later task, and
///         in the order in which that shard asked. A put or erase that any shard was answered for
///         is seen by every later get().
/// Limit:  SessionStoreLimits; a larger body or one record more is refused with `limit_exceeded`.
/// Errors: `unavailable` (retryable) when the store cannot write or read now, `overloaded` when
///         its queue is full. Nothing was changed then.
class SessionStore {
 public:
  using Done = std::move_only_function<void(std::expected<void, Error>)>;
  using Found = std::move_only_function<void(std::expected<std::optional<SessionRecord>, Error>)>;

  virtual ~SessionStore() = default;

  /// Keeps `record` until its time; replaces the one with the same id.
  virtual void put(SessionRecord record, Done done) = 0;
  /// nullopt: no such session, or its time has come by `now`.
  virtual void get(std::string id, WallMillis now, Found found) = 0;
  /// An unknown id is no error.
  virtual void erase(std::string id, Done done) = 0;
  /// Forgets what has expired by `now`; called every few seconds.
  virtual void expire(WallMillis now) = 0;
};

}  // namespace tidewire
