#include "session/session_desk.h"

#include <memory>
#include <utility>

#include "observability/log.h"
#include "session/session.h"
#include "session/session_parking.h"

namespace tidewire {
namespace {

using Outcome = ClaimResult::Outcome;

SessionRecord record_of(const ParkedSession& session, WallMillis expires_at) {
  return {.id = session.id,
          .user_id = session.user_id,
          .body = to_json(session),
          .expires_at = expires_at};
}

Error no_room() {
  return {.code = ErrorCode::limit_exceeded,
          .message = "nobody is connected, and no more is kept for the next connection",
          .path = "/payload"};
}

}  // namespace

/// One event on its way to some sessions.
struct SessionDesk::Sending {
  ShardIndex home;
  DirectEvent event;
  bool keep;
  std::size_t missing;
  Tally tally;
  Sent sent;
};

SessionDesk::SessionDesk(const SessionDeskParts& parts)
    : mesh_(parts.mesh), sessions_(parts.sessions), registry_(parts.limits) {}

void SessionDesk::claim(SessionClaim claim, WallMillis now, Claimed claimed) {
  const ShardIndex shard = claim.holder.shard;
  auto answer = registry_.claim(claim, now);
  switch (answer.found) {
    case SessionRegistry::Found::nothing:
      return claimed({});
    case SessionRegistry::Found::stored:
      return restore(std::move(claim), now, std::move(claimed));
    case SessionRegistry::Found::parked:
      // The store keeps what it has until more is known: the process may be killed before.
      return claimed({Outcome::resumed, std::move(answer.session)});
    case SessionRegistry::Found::held:
      return take_over(std::move(claim), answer.previous, std::move(claimed));
    case SessionRegistry::Found::other_user:
      return claimed({Outcome::other_user, {}});
    case SessionRegistry::Found::newer:
      return claimed({Outcome::newer, {}});
    case SessionRegistry::Found::busy:
      break;
  }
  const std::string id = claim.session_id;
  when_settled(shard, id,
               [this, now, claim = std::move(claim), claimed = std::move(claimed)]() mutable {
                 this->claim(std::move(claim), now, std::move(claimed));
               });
}

void SessionDesk::when_settled(ShardIndex shard, std::string_view session_id, Task task) {
  SessionRegistry::Waiter waiter{.shard = shard, .task = std::move(task)};
  if (!registry_.wait(session_id, waiter)) mesh_.post(shard, std::move(waiter.task));
}

void SessionDesk::settle(std::string_view session_id) {
  for (auto& waiter : registry_.settle(session_id))
    mesh_.post(waiter.shard, std::move(waiter.task));
}

void SessionDesk::take_over(SessionClaim claim, const SessionHolder& previous, Claimed claimed) {
  mesh_.post(previous.shard,
             [this, claim = std::move(claim), previous, claimed = std::move(claimed)]() mutable {
               Session* older = sessions_[previous.shard]->find(previous.connection_id);
               auto session = older != nullptr ? SessionParking::surrender(*older)
                                               : registry_.take(claim.session_id);
               const ShardIndex shard = claim.holder.shard;
               mesh_.post(shard, [this, claim = std::move(claim), session = std::move(session),
                                  claimed = std::move(claimed)]() mutable {
                 settle(claim.session_id);
                 if (session) return claimed({Outcome::resumed, std::move(session)});
                 if (!claim.create) end(claim.session_id, claim.holder);
                 claimed({});
               });
             });
}

void SessionDesk::restore(SessionClaim claim, WallMillis now, Claimed claimed) {
  const ShardIndex shard = claim.holder.shard;
  std::string id = claim.session_id;
  read(shard, std::move(id), now,
       [this, claim = std::move(claim), claimed = std::move(claimed)](auto session) mutable {
         const bool there = session && *session;
         if (!there && !claim.create) end(claim.session_id, claim.holder);
         settle(claim.session_id);
         if (!there) return claimed({});
         claimed({Outcome::resumed, std::move(*session)});
       });
}

void SessionDesk::read(ShardIndex shard, std::string session_id, WallMillis now, Read done) {
  store(shard)->get(
      std::move(session_id), now,
      [done = std::move(done)](std::expected<std::optional<SessionRecord>, Error> record) mutable {
        if (!record) return done(std::unexpected(std::move(record.error())));
        if (!*record) return done(std::nullopt);
        auto session = parked_session_from_json((*record)->body);
        if (!session) return done(std::nullopt);
        session->expires_at = (*record)->expires_at;
        done(std::move(*session));
      });
}

void SessionDesk::park(ParkedSession session, const SessionHolder& holder, WallMillis now,
                       ServerMetrics& metrics) {
  const std::string id = session.id;
  if (!registry_.park(std::move(session), holder.connection_id, now)) return;
  metrics.sessions[SessionLabel::parked].add();
  persist(holder.shard, id);
}

void SessionDesk::keep(const ParkedSession& session, const SessionHolder& holder, Kept kept) {
  SessionStore* disk = store(holder.shard);
  const bool fits = session.cost() <= registry_.limits().parked_bytes_max;
  if (disk == nullptr || !fits || !registry_.note_stored(session.id, holder.connection_id))
    return kept();
  disk->put(record_of(session, kWhileConnected),
            [this, kept = std::move(kept)](const std::expected<void, Error>& done) mutable {
              note(done);
              kept();
            });
}

void SessionDesk::note(const std::expected<void, Error>& done) {
  const bool stored_before = stores_well_.exchange(done.has_value());
  if (!done && stored_before)
    log_warn("a session could not be stored", {{"reason", done.error().message}});
}

void SessionDesk::persist(ShardIndex shard, std::string_view session_id) {
  SessionStore* disk = store(shard);
  if (disk == nullptr) return;
  const auto session = registry_.parked(session_id);
  if (!session) return;  // somebody has claimed it
  disk->put(record_of(*session, session->expires_at),
            [this](const std::expected<void, Error>& done) { note(done); });
}

void SessionDesk::forget(ShardIndex shard, std::string_view session_id) {
  if (SessionStore* disk = store(shard))
    disk->erase(std::string(session_id),
                [this, id = std::string(session_id)](const std::expected<void, Error>& done) {
                  note(done);
                  // It must not come back: the next sweep tries again.
                  if (!done) registry_.mark_ended(id);
                });
}

void SessionDesk::end(std::string_view session_id, const SessionHolder& holder) {
  if (registry_.end(session_id, holder.connection_id)) forget(holder.shard, session_id);
}

void SessionDesk::sweep(WallMillis now, ServerMetrics& metrics) {
  metrics.sessions[SessionLabel::expired].add(registry_.expire_stored(now));
  for (const std::string& id : registry_.expire(now)) {
    metrics.sessions[SessionLabel::expired].add();
    forget(0, id);
  }
  if (SessionStore* disk = store(0)) disk->expire(now);
}

void SessionDesk::send(ShardIndex home, std::vector<std::string> sessions, DirectEvent event,
                       bool keep, Sent sent) {
  if (sessions.empty()) return sent({});
  auto sending = std::make_shared<Sending>(
      Sending{home, std::move(event), keep, sessions.size(), {}, std::move(sent)});
  for (const std::string& id : sessions) send_one(home, id, sending);
}

void SessionDesk::send_one(ShardIndex at, const std::string& session_id,
                           std::shared_ptr<Sending> sending) {
  const auto answer = registry_.reach(session_id, sending->event, sending->keep);
  using Queued = SessionRegistry::Queued;
  switch (answer.what) {
    case Queued::busy:
      return when_settled(at, session_id, [this, at, session_id, sending = std::move(sending)] {
        send_one(at, session_id, sending);
      });
    case Queued::held:
      return send_held(session_id, answer.holder, std::move(sending));
    case Queued::queued:
      persist(at, session_id);
      return count(sending, {.known = 1, .queued = 1});
    case Queued::full:
      return count(sending, {.known = 1, .refused = no_room()});
    case Queued::stored:
      return send_stored(at, session_id, std::move(sending));
    case Queued::skipped:
      return count(sending, {.known = 1});
    case Queued::unknown:
      return count(sending, {});
  }
}

void SessionDesk::send_held(const std::string& session_id, const SessionHolder& holder,
                            std::shared_ptr<Sending> sending) {
  const ShardIndex shard = holder.shard;
  mesh_.post(shard, [this, shard, session_id, connection_id = holder.connection_id,
                     sending = std::move(sending)] {
    using Taken = SessionParking::Taken;
    Session* session = sessions_[shard]->find(connection_id);
    const Taken taken = session == nullptr ? Taken::elsewhere
                                           : SessionParking::take(*session, session_id,
                                                                  sending->event, sending->keep);
    switch (taken) {
      case Taken::elsewhere:
        // A connection that has gone meanwhile has parked its session or ended it: look again.
        return send_one(shard, session_id, sending);
      case Taken::ended:
        return count(sending, {});
      case Taken::sent:
        return count(sending, {.known = 1, .reached = 1});
      case Taken::kept:
        return count(sending, {.known = 1, .queued = 1});
      case Taken::skipped:
        return count(sending, {.known = 1});
    }
  });
}

void SessionDesk::send_stored(ShardIndex at, const std::string& session_id,
                              std::shared_ptr<Sending> sending) {
  const auto settled = [this, session_id, sending](const Tally& tally) {
    settle(session_id);
    count(sending, tally);
  };
  read(at, session_id, sending->event.ts, [this, at, sending, settled](auto session) {
    if (!session) return settled({.known = 1, .refused = std::move(session.error())});
    if (!*session) return settled({});
    ParkedSession& record = **session;
    if (!registry_.add(sending->event, record)) return settled({.known = 1, .refused = no_room()});
    store(at)->put(record_of(record, record.expires_at),
                   [this, settled](const std::expected<void, Error>& done) {
                     note(done);
                     if (!done) return settled({.known = 1, .refused = done.error()});
                     settled({.known = 1, .queued = 1});
                   });
  });
}

void SessionDesk::count(const std::shared_ptr<Sending>& sending, const Tally& more) {
  mesh_.post(sending->home, [sending, more] {
    sending->tally.known += more.known;
    sending->tally.reached += more.reached;
    sending->tally.queued += more.queued;
    if (more.refused) sending->tally.refused = more.refused;
    if (--sending->missing == 0) sending->sent(sending->tally);
  });
}

}  // namespace tidewire
