#include "session/auth_handler.h"

#include <utility>
#include <vector>

#include "base/ids.h"
#include "protocol/client_kind.h"
#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/hook_handler.h"
#include "session/resume_handler.h"
#include "session/rpc_handler.h"
#include "session/session.h"
#include "session/session_parking.h"
#include "session/subscribe_handler.h"

namespace tidewire {
namespace {

AuthFailureLabel failure_label(const Error& error) {
  return error.code == ErrorCode::token_expired ? AuthFailureLabel::expired
                                                : AuthFailureLabel::claims;
}

}  // namespace

void AuthHandler::auth(Session& session, const Envelope& envelope) {
  const bool first = session.state_ == Session::State::unauthenticated;
  auto command = parse_auth(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  const SessionContext& context = session.context_;
  auto claims = context.authenticator->authenticate(command->token, context.clock.wall_ms());
  if (claims && !claims->session_id.empty() && claims->session_id != command->session_id)
    claims = fail(ErrorCode::session_mismatch, "the token is bound to another session",
                  "/payload/sessionId");
  if (claims && !first && claims->user_id != session.claims_.user_id)
    claims =
        fail(ErrorCode::session_mismatch, "a refresh must name the same user", "/payload/token");
  if (!claims) {
    context.metrics.auth_failures[failure_label(claims.error())].add();
    if (claims.error().path.empty()) claims.error().path = "/payload/token";
    session.reply_error(envelope.id, claims.error());
    // A bad refresh costs nothing: the old token counts until it expires.
    if (first) session.close(CloseCode::unauthorized, claims.error().message);
    return;
  }
  if (!command->client.empty()) {
    const ClientInfo client = detect_client(command->client, {});
    session.info_.client = client.label();
    session.info_.kind = client.kind;
  }
  session.use_batches(command->batch);
  ResumeWish wish{.session_id = std::move(command->session_id),
                  .reply_id = std::string(envelope.id),
                  .positions = std::move(command->positions),
                  .bound = !claims->session_id.empty(),
                  .in_place = !first};
  if (first) return enter(session, std::move(*claims), std::move(wish));
  refresh(session, std::move(*claims), std::move(wish));
}

void AuthHandler::welcome_upgraded(Session& session, Claims claims, std::string session_id) {
  const bool bound = !claims.session_id.empty();
  ResumeWish wish{.session_id = bound ? claims.session_id : std::move(session_id), .bound = bound};
  enter(session, std::move(claims), std::move(wish));
}

void AuthHandler::enter(Session& session, Claims claims, ResumeWish wish) {
  if (!session.context_.hooks->asks(HookKind::connect))
    return begin(session, std::move(claims), std::move(wish));
  std::string id = wish.reply_id;
  HookHandler::connect(session, std::move(claims), std::move(id),
                       [wish = std::move(wish)](Session& admitted, Claims granted) mutable {
                         begin(admitted, std::move(granted), std::move(wish));
                       });
}

void AuthHandler::begin(Session& session, Claims claims, ResumeWish wish) {
  session.rates_.bind_user(claims.user_id);
  if (!session.allow(RateKind::connects, wish.reply_id))
    return session.close(CloseCode::rate_limited, "too many connects of this user");
  session.claims_ = std::move(claims);
  session.state_ = Session::State::active;
  session.heartbeat_due_ =
      session.context_.clock.mono_ms() + session.context_.config.heartbeat.interval.count();
  session.schedule_timer();
  if (session.context_.desk.enabled() && !wish.session_id.empty())
    return ResumeHandler::ask(session, std::move(wish));
  start(session, wish.bound ? std::move(wish.session_id) : std::string(), wish.reply_id);
}

void AuthHandler::start(Session& session, std::string session_id, std::string_view reply_id) {
  const SessionContext& context = session.context_;
  session.session_id_ = session_id.empty() ? random_id() : std::move(session_id);
  context.desk.registry().begin(session.session_id_, session.user_id(),
                                SessionParking::holder_of(session));
  make_room(session);
  welcome(session, reply_id, false);
  if (!session.scope().empty()) SubscribeHandler::subscribe_scope(session);
}

void AuthHandler::make_room(Session& session) {
  const SessionContext& context = session.context_;
  const auto replaced = context.users.add(session.claims_.user_id,
                                          {context.node.index(), session.info_.connection_id});
  if (!replaced) return;
  context.node.mesh().post(replaced->shard, [id = replaced->connection_id,
                                             sessions = context.all_sessions[replaced->shard]] {
    if (Session* oldest = sessions->find(id))
      oldest->close(CloseCode::replaced, "a newer connection of this user took its place");
  });
}

void AuthHandler::refresh(Session& session, Claims claims, ResumeWish wish) {
  const bool other = !wish.session_id.empty() && wish.session_id != session.session_id_;
  if (other && session.context_.desk.enabled()) {
    wish.claims = std::move(claims);
    return ResumeHandler::ask(session, std::move(wish));
  }
  renew(session, std::move(claims));
  welcome(session, wish.reply_id, false);
  end_what_is_lost(session);
}

void AuthHandler::renew(Session& session, Claims claims) {
  HookHandler::keep_grants(session, claims);
  session.claims_ = std::move(claims);
  session.schedule_timer();
}

void AuthHandler::end_what_is_lost(Session& session) {
  revoke_lost_channels(session);
  RpcHandler::recheck(session);
}

bool AuthHandler::extend(Session& session, WallMillis expires_at_ms) {
  if (session.state_ != Session::State::active) return false;
  session.claims_.expires_at_ms = expires_at_ms;
  session.schedule_timer();
  welcome(session, {}, false);
  return true;
}

bool AuthHandler::refresh_by_operator(Session& session, std::string_view token) {
  if (session.state_ != Session::State::active) return false;
  auto claims = session.authenticate(token);
  if (!claims || claims->user_id != session.claims_.user_id) return false;
  refresh(session, std::move(*claims), {});
  return true;
}

void AuthHandler::revoke_lost_channels(Session& session) {
  std::vector<std::string> lost;
  for (const auto& place : session.subscriptions_) {
    if (place->by_token) continue;  // a subscription token of its own allowed it
    const auto access = access_to(session, place->channel(), Permission::subscribe);
    if (access) {
      place->permissions = access->permissions & place->ceiling;
    } else {
      lost.push_back(place->channel());
    }
  }
  for (const std::string& channel : lost)
    session.revoke(channel, UnsubscribeReason::permission_revoked);
}

void AuthHandler::welcome(Session& session, std::string_view id, bool resumed) {
  const Config& config = session.context_.config;
  std::vector<std::string> restored;
  if (resumed)
    for (const ParkedChannel& each : session.resumption_->waiting) restored.push_back(each.channel);
  session.reply(MessageType::welcome, id, {},
                welcome_payload({.connection_id = session.info_.connection_id,
                                 .session_id = session.session_id_,
                                 .user_id = session.claims_.user_id,
                                 .resumed = resumed,
                                 .expires_at_ms = session.claims_.expires_at_ms,
                                 .heartbeat_ms = config.heartbeat.interval.count(),
                                 .heartbeat_timeout_ms = config.heartbeat.timeout.count(),
                                 .message_bytes_max = config.limits.message_bytes,
                                 .channels_max = config.limits.channels_per_connection,
                                 .server = "tidewire/" TIDEWIRE_VERSION,
                                 .restored = restored}),
                Priority::critical);
}

}  // namespace tidewire
