#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "history/session_store.h"
#include "observability/server_metrics.h"
#include "session/session_directory.h"
#include "session/session_registry.h"

namespace tidewire {

/// What the desk stands on.
struct SessionDeskParts {
  ShardMesh& mesh;
  const std::vector<SessionDirectory*>& sessions;  // of every shard
  SessionLimits limits;
};

/// What a claim got.
struct ClaimResult {
  enum class Outcome : std::uint8_t { nothing, resumed, other_user, newer };
  Outcome outcome = Outcome::nothing;
  std::optional<ParkedSession> session;  // resumed
};

/// Moves sessions between connections, whatever shards they are on, and brings them what is sent
/// to a session or a user.
///
/// Owner:  the Server; one instance. Outlives every session.
/// Thread: its verbs may be called on any shard; answers come on the shard that asked.
/// Order:  a claim of a session that another connection still has takes it away from there first;
///         the older connection closes with 4409, also when it is the one that claims: its `auth`
///         came late.
/// Errors: a store that cannot read or write costs the session, which then begins anew: never a
///         message, which the channels keep. What is sent to one that is only in the store is
///         refused then.
class SessionDesk {
 public:
  using Claimed = std::move_only_function<void(ClaimResult)>;
  /// Of how many sessions what became of the event.
  struct Tally {
    std::size_t known = 0;    // all that are there
    std::size_t reached = 0;  // sent at once
    std::size_t queued = 0;   // it waits for the next connection
    /// Why one could not keep it: it would grow too large, or its store cannot read or write.
    std::optional<Error> refused = std::nullopt;
  };
  using Sent = std::move_only_function<void(Tally)>;

  explicit SessionDesk(const SessionDeskParts& parts);

  /// Before the shards run: sessions outlive the process in these, one for each shard.
  void keep_in(std::vector<SessionStore*> stores) { stores_ = std::move(stores); }

  [[nodiscard]] bool enabled() const { return registry_.limits().ttl_ms > 0; }
  [[nodiscard]] SessionRegistry& registry() { return registry_; }

  /// `claimed` is called on claim.holder.shard, at once or later.
  void claim(SessionClaim claim, WallMillis now, Claimed claimed);
  /// The connection has gone, or could not take what it claimed.
  void park(ParkedSession session, const SessionHolder& holder, WallMillis now,
            ServerMetrics& metrics);
  void end(std::string_view session_id, const SessionHolder& holder);

  using Kept = std::move_only_function<void()>;
  /// Stores what would be left of the session of an open connection, in case that the process is
  /// killed. `kept` is called on holder.shard, at once or later, whatever came of it.
  void keep(const ParkedSession& session, const SessionHolder& holder, Kept kept);

  /// Sends to sessions; `sent` comes on shard `home`.
  void send(ShardIndex home, std::vector<std::string> sessions, DirectEvent event, bool keep,
            Sent sent);

  /// Forgets what is due; called every few seconds, on shard 0.
  void sweep(WallMillis now, ServerMetrics& metrics);

 private:
  struct Sending;

  void take_over(SessionClaim claim, const SessionHolder& previous, Claimed claimed);
  void restore(SessionClaim claim, WallMillis now, Claimed claimed);
  using Read = std::move_only_function<void(std::expected<std::optional<ParkedSession>, Error>)>;
  /// What the store has of a session; nothing also when no version of this server has written it.
  void read(ShardIndex shard, std::string session_id, WallMillis now, Read done);
  /// Runs `task` on `shard` when no claim moves the session any more.
  void when_settled(ShardIndex shard, std::string_view session_id, Task task);
  void settle(std::string_view session_id);
  void send_one(ShardIndex at, const std::string& session_id, std::shared_ptr<Sending> sending);
  void send_held(const std::string& session_id, const SessionHolder& holder,
                 std::shared_ptr<Sending> sending);
  /// Adds the event to the record of a session that nobody has claimed since the restart.
  void send_stored(ShardIndex at, const std::string& session_id, std::shared_ptr<Sending> sending);
  /// Tells `home` what one session adds to the tally, and `sent` when it was the last.
  void count(const std::shared_ptr<Sending>& sending, const Tally& more);
  [[nodiscard]] SessionStore* store(ShardIndex shard) const {
    return stores_.empty() ? nullptr : stores_[shard];
  }
  /// What storing a session came to: an operator hears of a fault once, until it works again.
  void note(const std::expected<void, Error>& done);
  void persist(ShardIndex shard, std::string_view session_id);
  void forget(ShardIndex shard, std::string_view session_id);

  ShardMesh& mesh_;
  const std::vector<SessionDirectory*>& sessions_;
  std::vector<SessionStore*> stores_;  // empty: sessions end with the process
  std::atomic<bool> stores_well_ = true;
  SessionRegistry registry_;
};

}  // namespace tidewire
