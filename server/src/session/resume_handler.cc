#include "session/resume_handler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/ids.h"
#include "session/auth_handler.h"
#include "session/rpc_handler.h"
#include "session/session.h"
#include "session/session_parking.h"
#include "session/subscribe_handler.h"

namespace tidewire {

void ResumeHandler::ask(Session& session, ResumeWish wish) {
  const SessionContext& context = session.context_;
  SessionClaim claim{.session_id = wish.session_id,
                     .user_id = session.user_id(),
                     .holder = SessionParking::holder_of(session),
                     .create = wish.bound && !wish.in_place,
                     .in_place = wish.in_place};
  session.resumption_ = std::make_unique<Resumption>(
      Resumption{.wish = std::move(wish), .asked_at = context.clock.mono_us()});
  const SessionHolder holder = claim.holder;
  const std::string id = claim.session_id;
  context.desk.claim(std::move(claim), context.clock.wall_ms(),
                     [weak = session.weak_from_this(), &context, holder, id](ClaimResult result) {
                       const auto self = weak.lock();
                       if (self && self->state_ == Session::State::active)
                         return decide(*self, std::move(result));
                       if (!result.session) return context.desk.end(id, holder);
                       context.desk.park(std::move(*result.session), holder,
                                         context.clock.wall_ms(), context.metrics);
                     });
}

void ResumeHandler::hold(Session& session, const Envelope& envelope) {
  if (session.resumption_->held.add(envelope)) return;
  Error error{.code = ErrorCode::overloaded,
              .message = "too many messages before the session was back"};
  session.reply_error(envelope.id, error, envelope.channel);
}

void ResumeHandler::decide(Session& session, ClaimResult result) {
  switch (result.outcome) {
    case ClaimResult::Outcome::other_user:
      return refuse(session);
    case ClaimResult::Outcome::newer:
      return give_way(session);
    case ClaimResult::Outcome::nothing:
      return begin_anew(session);
    case ClaimResult::Outcome::resumed:
      return restore(session, std::move(*result.session));
  }
}

void ResumeHandler::refuse(Session& session) {
  ServerMetrics& metrics = session.context_.metrics;
  metrics.sessions[SessionLabel::refused].add();
  metrics.auth_failures[AuthFailureLabel::session_mismatch].add();
  const ResumeWish& wish = session.resumption_->wish;
  const bool in_place = wish.in_place;
  session.reply_error(wish.reply_id, {.code = ErrorCode::session_mismatch,
                                      .message = "the token may not go on with this session",
                                      .path = "/payload/sessionId"});
  if (in_place) return release(session);
  session.resumption_.reset();
  session.close(CloseCode::unauthorized, "the token may not go on with this session");
}

/// The client has come back over another connection since it sent this `auth`.
void ResumeHandler::give_way(Session& session) {
  session.resumption_.reset();
  session.close(CloseCode::replaced, "the session goes on with a newer connection");
}

void ResumeHandler::begin_anew(Session& session) {
  ResumeWish wish = session.resumption_->wish;
  if (wish.in_place) {
    AuthHandler::renew(session, std::move(wish.claims));
    AuthHandler::welcome(session, wish.reply_id, false);
    AuthHandler::end_what_is_lost(session);
  } else {
    session.context_.metrics.sessions[SessionLabel::unknown].add();
    AuthHandler::start(session, wish.bound ? wish.session_id : std::string(), wish.reply_id);
  }
  release(session);
}

void ResumeHandler::restore(Session& session, ParkedSession parked) {
  Resumption& resumption = *session.resumption_;
  for (auto& [channel, position] : resumption.wish.positions) {
    const auto known = std::ranges::find(parked.channels, channel, &ParkedChannel::channel);
    if (known != parked.channels.end()) known->position = std::move(position);
  }
  if (resumption.wish.in_place) {
    AuthHandler::renew(session, std::move(resumption.wish.claims));
    RpcHandler::recheck(session);
    for (ParkedChannel& own : SessionParking::leave_for(session).channels)
      if (std::ranges::find(parked.channels, own.channel, &ParkedChannel::channel) ==
          parked.channels.end())
        parked.channels.push_back(std::move(own));
  }
  session.session_id_ = std::move(parked.id);
  if (parked.publishes) session.publishes_ = std::make_unique<PublishWindow>(*parked.publishes);
  std::ranges::move(parked.channels, std::back_inserter(resumption.waiting));
  resumption.events = std::move(parked.events);
  resumption.asking = false;
  if (!resumption.wish.in_place) AuthHandler::make_room(session);
  AuthHandler::welcome(session, resumption.wish.reply_id, true);
  advance(session);
}

void ResumeHandler::advance(Session& session) {
  if (!session.resumption_ || session.resumption_->advancing) return;
  Resumption& resumption = *session.resumption_;
  const std::size_t room = session.config().limits.queue_bytes / 2;
  resumption.advancing = true;
  while (!resumption.waiting.empty() && resumption.in_flight < kInFlight &&
         session.outbox().queued_bytes() <= room) {
    ParkedChannel next = std::move(resumption.waiting.front());
    resumption.waiting.pop_front();
    SubscribeHandler::restore(session, next);
  }
  resumption.advancing = false;
  if (resumption.in_flight > 0) return;
  if (resumption.waiting.empty()) return complete(session);
  resumption.pouring = true;  // goes on when the outbox has room again
  session.flush_now();
}

void ResumeHandler::answered(Session& session) {
  if (!session.resumption_ || session.resumption_->asking) return;
  --session.resumption_->in_flight;
  advance(session);
}

void ResumeHandler::complete(Session& session) {
  const SessionContext& context = session.context_;
  context.metrics.sessions[SessionLabel::resumed].add();
  context.metrics.resume_seconds.record(
      std::chrono::microseconds(context.clock.mono_us() - session.resumption_->asked_at));
  session.changed();
  const auto events = std::exchange(session.resumption_->events, {});
  for (const DirectEvent& event : events) SessionParking::send(session, event, true);
  release(session, !session.resumption_->wish.in_place && !session.scope().empty() &&
                       !session.subscriptions_.contains(session.scope()));
}

void ResumeHandler::release(Session& session, bool subscribe_scope) {
  const auto done = std::exchange(session.resumption_, nullptr);
  if (subscribe_scope) SubscribeHandler::subscribe_scope(session);
  session.flush_now();
  done->held.for_each([&](const Envelope& envelope) { session.on_envelope(envelope); });
}

}  // namespace tidewire
