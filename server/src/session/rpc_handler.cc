#include "session/rpc_handler.h"

#include <algorithm>
#include <utility>

#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/rpc_desk.h"
#include "session/session.h"

namespace tidewire {
namespace {

/// What is not about a channel is allowed by any rule of the token that names the permission.
std::expected<void, Error> allowed_somewhere(const Session& session, Permission needed) {
  const auto names_it = [&](const ChannelRule& rule) { return rule.allow.contains(needed); };
  if (std::ranges::any_of(session.claims().rules, names_it)) return {};
  return fail(ErrorCode::permission_denied,
              "no rule of the token allows to " + std::string(to_name(needed)));
}

std::expected<void, Error> may_call(const Session& session, std::string_view channel) {
  if (channel.empty()) return allowed_somewhere(session, Permission::rpc);
  const auto access = access_to(session, channel, Permission::rpc);
  if (!access) return std::unexpected(access.error());
  return {};
}

}  // namespace

RpcAddress RpcHandler::address_of(const Session& session) {
  return {session.context_.node.index(), session.info().connection_id};
}

void RpcHandler::call(Session& session, const Envelope& envelope) {
  auto command = parse_rpc(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  if (const auto allowed = may_call(session, envelope.channel); !allowed)
    return session.reply_error(envelope.id, allowed.error(), envelope.channel);
  const auto name = ChannelName::parse(envelope.channel);
  if (!session.allow(RateKind::rpcs, envelope.id, envelope.channel,
                     name ? &options_of(session.config(), *name) : nullptr))
    return;
  session.calling_ = true;
  session.context_.rpc.call({.caller = address_of(session),
                             .reply_id = std::string(envelope.id),
                             .channel = std::string(envelope.channel),
                             .method = std::move(command->method),
                             .params_json = std::string(command->params),
                             .from = {.user_id = session.user_id(),
                                      .session_id = session.session_id(),
                                      .client = session.info_.client},
                             .timeout_ms = static_cast<std::int64_t>(command->timeout_ms),
                             .reply = {}});
}

void RpcHandler::cancel(Session& session, const Envelope& envelope) {
  auto command = parse_rpc_cancel(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  session.context_.rpc.cancel(address_of(session), std::move(command->id),
                              std::string(envelope.id));
}

void RpcHandler::serve(Session& session, const Envelope& envelope) {
  auto command = parse_rpc_serve(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  if (const auto allowed = allowed_somewhere(session, Permission::serve); !allowed)
    return session.reply_error(envelope.id, allowed.error());
  std::vector<RpcMethod> methods;
  methods.reserve(command->methods.size());
  for (std::string& name : command->methods) {
    const bool idempotent =
        std::ranges::find(command->idempotent, name) != command->idempotent.end();
    methods.push_back({std::move(name), idempotent});
  }
  session.serving_ = true;
  session.context_.rpc.serve(address_of(session), std::move(methods), std::string(envelope.id));
}

void RpcHandler::respond(Session& session, const Envelope& envelope) {
  auto command = parse_rpc_response(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  session.context_.rpc.respond(session.info_.connection_id,
                               {.request_id = std::move(command->request_id),
                                .result_json = std::string(command->result),
                                .message_id = std::move(command->message_id),
                                .error_name = std::move(command->error_name),
                                .error_message = std::move(command->error_message)});
}

void RpcHandler::recheck(Session& session) {
  if (!session.serving_ || allowed_somewhere(session, Permission::serve)) return;
  session.context_.rpc.serve(address_of(session), {}, {});
}

void RpcHandler::closed(Session& session) {
  if (session.serving_ || session.calling_) session.context_.rpc.leave(session.info_.connection_id);
}

void RpcHandler::acknowledge(Session& worker, std::string_view id) {
  worker.reply(MessageType::ack, id, {}, ack_payload({}));
}

void RpcHandler::ask(Session& worker, std::string_view channel, std::string_view payload) {
  worker.reply(MessageType::rpc_request, {}, channel, payload);
}

void RpcHandler::stop(Session& worker, std::string_view channel, std::string_view request_id,
                      std::string_view reason) {
  worker.reply(MessageType::rpc_cancel, {}, channel, rpc_cancel_payload(request_id, reason));
}

void RpcHandler::answer(Session& caller, std::string_view id, std::string_view channel,
                        const RpcOutcome& outcome) {
  if (!outcome) return caller.reply_error(id, outcome.error(), channel);
  if (id.empty()) return;  // fire and forget
  caller.reply(MessageType::rpc_result, id, channel,
               rpc_result_payload(outcome->result_json, outcome->message_id));
}

void RpcHandler::cancelled(Session& caller, std::string_view id, bool found) {
  if (!found)
    return caller.reply_error(id, {.code = ErrorCode::not_found,
                                   .message = "no open call has this id",
                                   .path = "/payload/id"});
  if (!id.empty()) caller.reply(MessageType::ack, id, {}, ack_payload({}));
}

}  // namespace tidewire
