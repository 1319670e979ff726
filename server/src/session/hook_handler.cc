#include "session/hook_handler.h"

#include <memory>
#include <utility>

#include "protocol/json_writer.h"
#include "session/channel_access.h"
#include "session/publish_handler.h"
#include "session/resume_handler.h"
#include "session/router.h"
#include "session/session.h"

namespace tidewire {
namespace {

/// Who it is about, with what only the server side may know.
std::string user_json(const Session& session, const Holder& claims) {
  JsonObject user(192 + claims.info_json.size() + claims.meta_json.size());
  user.text("userId", claims.user_id);
  if (!session.session_id().empty()) user.text("sessionId", session.session_id());
  return user.text("connectionId", session.info().connection_id)
      .text("client", session.info().client)
      .text("address", session.info().address.to_string())
      .raw("info", claims.info_json)
      .raw("meta", claims.meta_json)
      .finish();
}

Error too_many() {
  return {.code = ErrorCode::overloaded,
          .message = "too many messages wait for the application's answer"};
}

void grant(const HookQueue& queue, Holder& claims) {
  if (!queue.info_json.empty()) claims.info_json = queue.info_json;
  claims.rules.insert(claims.rules.end(), queue.rules.begin(), queue.rules.end());
}

}  // namespace

void HookHandler::connect(Session& session, Claims claims, std::string id,
                          std::move_only_function<void(Session&, Claims)> begin) {
  const SessionContext& context = session.context_;
  session.hook_queue().admitting = true;
  session.opened_at_ += context.hooks->timeout_ms(HookKind::connect);  // not the client's time
  std::string body = JsonObject()
                         .text("hook", "connect")
                         .text("scope", session.scope())
                         .raw("user", user_json(session, claims))
                         .finish();
  context.hooks->ask(HookKind::connect, context.node.index(), std::move(body),
                     [weak = session.weak_from_this(), claims = std::move(claims),
                      id = std::move(id), begin = std::move(begin)](HookVerdict verdict) mutable {
                       const auto self = weak.lock();
                       if (!self || self->state_ == Session::State::closing) return;
                       admit(*self, std::move(claims), id, std::move(verdict), begin);
                     });
}

void HookHandler::admit(Session& session, Claims claims, const std::string& id, HookVerdict verdict,
                        std::move_only_function<void(Session&, Claims)>& begin) {
  HookQueue& queue = session.hook_queue();
  queue.admitting = false;
  if (verdict.denied) {
    session.reply_error(id, *verdict.denied);
    // Who was refused need not come again; who could not be judged may.
    if (verdict.answered) return session.close(CloseCode::forbidden, verdict.denied->message);
    return session.close(CloseCode::overloaded, verdict.denied->message);
  }
  queue.info_json = std::move(verdict.info_json);
  queue.rules = std::move(verdict.rules);
  grant(queue, claims);
  begin(session, std::move(claims));
  for (const KeptEnvelope& held : queue.release_held()) {
    if (session.state_ != Session::State::active) return;
    if (session.resumption_)
      ResumeHandler::hold(session, held.view());
    else
      Router::route(session, held.view());
  }
}

bool HookHandler::holds(Session& session, const Envelope& envelope) {
  HookQueue& queue = session.hook_queue();
  if (!queue.admitting || envelope.type == to_name(MessageType::connection_heartbeat)) return false;
  if (queue.full())
    session.reply_error(envelope.id, too_many(), envelope.channel);
  else
    queue.hold(envelope);
  return true;
}

void HookHandler::keep_grants(const Session& session, Holder& claims) {
  if (session.hooks_) grant(*session.hooks_, claims);
}

bool HookHandler::subscribe(Session& session, std::string_view channel, PermissionSet permissions,
                            Subscribing then) {
  const SessionContext& context = session.context_;
  const std::string_view name_space = channel.substr(0, channel.find(':'));
  if (!context.hooks->asks(HookKind::subscribe, name_space)) return false;
  HookQueue& queue = session.hook_queue();
  if (queue.full()) {
    then.refuse(session, too_many());
    return true;
  }
  const std::uint64_t ticket = queue.begin_subscribe(channel);
  std::string allowed = "[";
  for (std::size_t i = 0; i < kPermissionCount; ++i) {
    const auto each = static_cast<Permission>(i);
    if (permissions.contains(each))
      allowed.append(allowed.size() > 1 ? ",\"" : "\"").append(to_name(each)).append("\"");
  }
  std::string body = JsonObject()
                         .text("hook", "subscribe")
                         .text("channel", channel)
                         .raw("permissions", allowed + "]")
                         .raw("user", user_json(session, session.claims_))
                         .finish();
  context.hooks->ask(HookKind::subscribe, context.node.index(), std::move(body),
                     [weak = session.weak_from_this(), ticket,
                      then = std::move(then)](const HookVerdict& verdict) mutable {
                       const auto self = weak.lock();
                       if (!self || self->state_ != Session::State::active) return;
                       if (!self->hook_queue().end_subscribe(ticket))
                         return then.refuse(*self, ended_before_it_began());
                       if (verdict.denied) return then.refuse(*self, *verdict.denied);
                       then.begin(*self, verdict.permissions);
                     });
  return true;
}

bool HookHandler::publish(Session& session, const Envelope& envelope, std::string_view channel,
                          std::string_view name_space) {
  const SessionContext& context = session.context_;
  const bool asked = context.hooks->asks(HookKind::publish, name_space);
  const bool behind = session.hooks_ && session.hooks_->publishes_wait();
  if (!asked && !behind) return false;
  HookQueue& queue = session.hook_queue();
  if (queue.full()) {
    session.reply_error(envelope.id, too_many(), envelope.channel);
    return true;
  }
  if (!asked) {
    queue.push(envelope, HookVerdict{});
    return true;
  }
  const std::uint64_t ticket = queue.push(envelope, std::nullopt);
  JsonObject body(256 + envelope.payload.size());
  body.text("hook", "publish").text("channel", channel).text("type", envelope.type);
  if (!envelope.key.empty()) body.text("key", envelope.key);
  body.raw("payload", envelope.payload).raw("user", user_json(session, session.claims_));
  context.hooks->ask(HookKind::publish, context.node.index(), body.finish(),
                     [weak = session.weak_from_this(), ticket](HookVerdict verdict) {
                       const auto self = weak.lock();
                       if (!self) return;
                       self->hook_queue().decide(ticket, std::move(verdict));
                       release(*self);
                     });
  return true;
}

void HookHandler::release(Session& session) {
  while (auto next = session.hook_queue().pop()) {
    if (session.state_ != Session::State::active) continue;
    KeptEnvelope& envelope = next->envelope;
    if (next->verdict.denied) {
      session.reply_error(envelope.id(), *next->verdict.denied, envelope.channel());
      continue;
    }
    if (!next->verdict.payload_json.empty())
      envelope.replace_payload(std::move(next->verdict.payload_json));
    PublishHandler::publish_now(session, envelope.view());
  }
}

}  // namespace tidewire
