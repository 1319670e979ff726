// disconnect, subscribe, unsubscribe and refresh: what an operator does to connections.

#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/request_body.h"
#include "api/session_targets.h"
#include "session/auth_handler.h"
#include "session/session.h"
#include "session/subscribe_handler.h"

namespace tidewire {

void ApiService::disconnect(std::string_view text, RespondFn respond) {
  auto target = parse_target_body(text, false);
  if (!target) return respond(error_reply(target.error()));
  if (target->reason.empty()) target->reason = "disconnected by an operator";
  for_each_target(parts_, *target, "disconnected", std::move(respond),
                  [reason = target->reason](Session& session) {
                    session.close(CloseCode::disconnected, reason);
                    return true;
                  });
}

void ApiService::unsubscribe(std::string_view text, RespondFn respond) {
  auto target = parse_target_body(text, true);
  if (!target) return respond(error_reply(target.error()));
  for_each_target(parts_, *target, "unsubscribed", std::move(respond),
                  [channel = target->channel](Session& session) {
                    return session.revoke(channel, UnsubscribeReason::operator_);
                  });
}

void ApiService::subscribe(std::string_view text, RespondFn respond) {
  auto target = parse_target_body(text, true);
  if (!target) return respond(error_reply(target.error()));
  for_each_target(parts_, *target, "subscribed", std::move(respond),
                  [channel = target->channel](Session& session) {
                    return SubscribeHandler::subscribe_by_operator(session, channel);
                  });
}

void ApiService::refresh(std::string_view text, RespondFn respond) {
  auto body = parse_refresh_body(text);
  if (!body) return respond(error_reply(body.error()));
  if (body->expires_at_ms)
    return for_each_target(parts_, body->target, "refreshed", std::move(respond),
                           [at = static_cast<WallMillis>(*body->expires_at_ms)](Session& session) {
                             return AuthHandler::extend(session, at);
                           });
  // A token that nobody could use is the caller's fault, not a user who is away.
  if (auto claims = parts_.authenticator->authenticate(body->token, parts_.clock.wall_ms());
      !claims) {
    claims.error().path = "/token";
    return respond(error_reply(claims.error()));
  }
  for_each_target(parts_, body->target, "refreshed", std::move(respond),
                  [token = std::move(body->token)](Session& session) {
                    return AuthHandler::refresh_by_operator(session, token);
                  });
}

}  // namespace tidewire
