#include "session/session_parking.h"

#include <algorithm>
#include <array>
#include <utility>

#include "session/session.h"

namespace tidewire {
namespace {

/// The ends after which a session does not wait: the client's goodbye, with a code or without one,
/// and what tells it to stay away.
bool ends_session(std::uint16_t close_code) {
  constexpr std::uint16_t kNoCode = 1005;
  static constexpr std::array kEnds{
      std::to_underlying(CloseCode::normal), kNoCode, std::to_underlying(CloseCode::unauthorized),
      std::to_underlying(CloseCode::forbidden), std::to_underlying(CloseCode::disconnected)};
  return std::ranges::find(kEnds, close_code) != kEnds.end();
}

StreamPosition position_of(const ChannelPlace& place, bool delivered) {
  const bool answered = !place.epoch.empty();
  if (answered && place.acknowledged > 0) return {place.epoch, place.acknowledged};
  const bool sure = delivered && answered && !place.spilled;
  if (place.stale && !sure) return *place.stale;
  if (place.acks) return {place.epoch, place.acks->tracker().acked()};
  return {place.epoch, sure ? place.last_offset() : place.settled};
}

}  // namespace

SessionHolder SessionParking::holder_of(const Session& session) {
  return {session.context_.node.index(), session.info_.connection_id, session.opened_at_};
}

ParkedSession SessionParking::record_of(const Session& session, bool delivered) {
  ParkedSession record{.id = session.session_id_, .user_id = session.user_id()};
  for (const auto& place : session.subscriptions_) {
    // One without an answer yet and without a position: the client asks again.
    if (!place->joined || (place->epoch.empty() && !place->stale)) continue;
    record.channels.push_back(
        {.channel = place->channel(),
         .position = position_of(*place, delivered),
         .attempts = place->acks ? place->acks->tracker().state().attempts : 0,
         .acknowledged = place->acknowledged,
         .granted = place->granted,
         .granted_until = place->granted_until,
         .ceiling = place->ceiling,
         .mode = place->mode});
  }
  if (!delivered) record.events = session.unsettled_events_;
  if (session.publishes_)
    record.publishes = std::make_shared<const PublishWindow>(*session.publishes_);
  if (session.resumption_) {
    std::ranges::copy(session.resumption_->waiting, std::back_inserter(record.channels));
    for (const auto& each : session.resumption_->asked) record.channels.push_back(*each);
    std::ranges::copy(session.resumption_->events, std::back_inserter(record.events));
  }
  record.shed_events(session.context_.desk.registry().limits().parked_bytes_max);
  return record;
}

void SessionParking::leave(Session& session, std::uint16_t close_code) {
  if (session.session_id_.empty()) return;
  const SessionContext& context = session.context_;
  SessionDesk& desk = context.desk;
  if (!desk.enabled() || ends_session(close_code))
    return desk.end(session.session_id_, holder_of(session));
  desk.park(record_of(session, session.all_delivered()), holder_of(session),
            context.clock.wall_ms(), context.metrics);
}

void SessionParking::let_go(Session& session) {
  for (const auto& place : session.subscriptions_) {
    session.end_asking(*place, {.code = ErrorCode::unavailable,
                                .message = "another session takes its place: subscribe again"});
    session.context_.node.unsubscribe(*place, session.user_id(), session.session_id_,
                                      LeaveKind::lost, place->joined);
  }
  if (!session.subscriptions_.empty()) session.transport_.outbox().end_all();
  session.subscriptions_.clear();
}

std::optional<ParkedSession> SessionParking::surrender(Session& session) {
  if (session.session_id_.empty() || ends_session(session.closing_code_)) return std::nullopt;
  ParkedSession record = record_of(session, session.all_delivered());
  let_go(session);
  session.resumption_.reset();
  session.session_id_.clear();  // nothing is left to park
  session.context_.users.remove(session.user_id(), session.info_.connection_id);
  session.close(CloseCode::replaced, "the session goes on with a newer connection");
  return record;
}

ParkedSession SessionParking::leave_for(Session& session) {
  ParkedSession record = record_of(session, true);  // the same connection goes on
  let_go(session);
  session.context_.desk.end(session.session_id_, holder_of(session));
  return record;
}

SessionParking::Taken SessionParking::take(Session& session, std::string_view session_id,
                                           const DirectEvent& event, bool keep) {
  if (session.session_id_ != session_id) return Taken::elsewhere;
  const bool closing = session.state_ == Session::State::closing;
  if (closing && ends_session(session.closing_code_)) return Taken::ended;
  Resumption* resumption = session.resumption_.get();
  if (closing || !keep || resumption == nullptr || resumption->asking)
    return send(session, event, keep);
  add(session, event, resumption->events);
  return Taken::kept;
}

SessionParking::Taken SessionParking::send(Session& session, const DirectEvent& event, bool keep) {
  const auto closing = [&] { return session.state_ == Session::State::closing; };
  if (!closing()) session.send_event(event);  // may be one too many for a slow reader
  const bool sent = !closing();
  if (!keep) return sent ? Taken::sent : Taken::skipped;
  if (!sent) session.frames_lost_ = true;
  add(session, event, session.unsettled_events_);
  return sent ? Taken::sent : Taken::kept;
}

void SessionParking::add(Session& session, const DirectEvent& event,
                         std::vector<DirectEvent>& events) {
  if (events.size() >= session.context_.desk.registry().limits().events_max)
    events.erase(events.begin());
  events.push_back(event);
  session.changed();
}

void SessionParking::settle(Session& session) {
  for (const auto& place : session.subscriptions_) {
    if (!place->active() || place->spilled) continue;
    place->settled = place->last_offset();
    place->stale.reset();
  }
  if (session.unsettled_events_.empty()) return;
  session.unsettled_events_.clear();
  session.changed();
}

std::size_t SessionParking::keep(Session& session, SessionDesk::Kept kept) {
  session.in_journal_ = false;
  // A session on its way says so again when it is there.
  if (session.state_ != Session::State::active || session.session_id_.empty() ||
      session.resumption_) {
    kept();
    return 0;
  }
  const ParkedSession record = record_of(session, false);
  session.context_.desk.keep(record, holder_of(session), std::move(kept));
  return record.cost();
}

}  // namespace tidewire
