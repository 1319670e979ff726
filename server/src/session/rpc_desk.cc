#include "session/rpc_desk.h"

#include <utility>

#include "protocol/json_writer.h"
#include "protocol/replies.h"
#include "session/rpc_handler.h"
#include "session/session.h"

namespace tidewire {
namespace {

constexpr ShardIndex kHome = 0;

Error failure_of(const RpcResponse& response) {
  const std::string error = JsonObject()
                                .text("name", response.error_name)
                                .text("message", response.error_message)
                                .finish();
  return {.code = ErrorCode::rpc_failed,
          .message = "the method failed",
          .details = "\"error\":" + error};
}

/// What the worker said, for the caller. A stream needs a channel to grow in.
RpcOutcome outcome_of(const RpcCall& call, RpcResponse response) {
  if (!response.message_id.empty() && call.channel.empty()) {
    response.error_name = "no_channel";
    response.error_message = "the method answers with a message stream: call it on a channel";
  }
  if (!response.error_name.empty()) return std::unexpected(failure_of(response));
  return RpcAnswer{std::move(response.result_json), std::move(response.message_id)};
}

}  // namespace

RpcDesk::RpcDesk(const RpcDeskParts& parts)
    : mesh_(parts.mesh),
      sessions_(parts.sessions),
      clock_(parts.clock),
      timers_(parts.timers),
      registry_(parts.limits),
      timer_([](void* self) { static_cast<RpcDesk*>(self)->expire(); }, this) {}

void RpcDesk::reach(const RpcAddress& address, std::move_only_function<void(Session&)> work) {
  mesh_.post(address.shard, [sessions = sessions_[address.shard], id = address.connection_id,
                             work = std::move(work)]() mutable {
    if (Session* session = sessions->find(id)) work(*session);
  });
}

void RpcDesk::serve(RpcAddress worker, std::vector<RpcMethod> methods, std::string reply_id) {
  mesh_.post(kHome, [this, worker = std::move(worker), methods = std::move(methods),
                     reply_id = std::move(reply_id)]() mutable {
    registry_.serve(worker, std::move(methods));
    if (reply_id.empty()) return;
    reach(worker, [reply_id = std::move(reply_id)](Session& session) {
      RpcHandler::acknowledge(session, reply_id);
    });
  });
}

void RpcDesk::call(RpcCall call) {
  mesh_.post(kHome, [this, call = std::move(call)]() mutable { begin(std::move(call)); });
}

void RpcDesk::begin(RpcCall call) {
  auto assigned = registry_.begin(std::move(call), clock_.mono_ms());
  // A refused call is untouched.
  // NOLINTNEXTLINE(bugprone-use-after-move)
  if (!assigned) return answer(std::move(call), std::unexpected(std::move(assigned.error())));
  ask(std::move(*assigned));
  schedule();
}

void RpcDesk::ask(RpcAssignment assignment) {
  const RpcCall& call = *registry_.find(assignment.request_id);
  std::string payload = rpc_request_payload({.request_id = assignment.request_id,
                                             .method = call.method,
                                             .params_json = assignment.params_json,
                                             .user_id = call.from.user_id,
                                             .connection_id = call.caller.connection_id,
                                             .client = call.from.client,
                                             .timeout_ms = assignment.timeout_ms,
                                             .attempt = assignment.attempt});
  reach(assignment.worker, [channel = call.channel, payload = std::move(payload)](Session& worker) {
    RpcHandler::ask(worker, channel, payload);
  });
}

void RpcDesk::respond(std::string worker, RpcResponse response) {
  mesh_.post(kHome, [this, worker = std::move(worker), response = std::move(response)]() mutable {
    finish(worker, std::move(response));
  });
}

void RpcDesk::finish(std::string_view worker, RpcResponse response) {
  auto call = registry_.finish(worker, response.request_id);
  if (!call) return;  // too late, or never asked
  RpcOutcome outcome = outcome_of(*call, std::move(response));
  answer(std::move(*call), std::move(outcome));
}

void RpcDesk::stop(const RpcEnded& ended, std::string_view why) {
  reach(ended.assignment.worker,
        [channel = ended.call.channel, request_id = ended.assignment.request_id,
         why = std::string(why)](Session& worker) {
          RpcHandler::stop(worker, channel, request_id, why);
        });
}

void RpcDesk::cancel(RpcAddress caller, std::string target, std::string reply_id) {
  mesh_.post(kHome, [this, caller = std::move(caller), target = std::move(target),
                     reply_id = std::move(reply_id)]() mutable {
    auto ended = registry_.cancel(caller.connection_id, target);
    const bool found = ended.has_value();
    if (found) {
      stop(*ended, "cancelled");
      answer(std::move(ended->call), fail(ErrorCode::rpc_cancelled, "the caller cancelled it"));
    }
    reach(caller, [found, reply_id = std::move(reply_id)](Session& session) {
      RpcHandler::cancelled(session, reply_id, found);
    });
  });
}

void RpcDesk::leave(std::string connection_id) {
  mesh_.post(kHome, [this, connection_id = std::move(connection_id)] {
    for (const RpcEnded& ended : registry_.abandon(connection_id)) stop(ended, "caller_gone");
    RpcLeft left = registry_.leave(connection_id, clock_.mono_ms());
    for (RpcAssignment& moved : left.moved) ask(std::move(moved));
    for (RpcCall& lost : left.lost)
      answer(std::move(lost),
             fail(ErrorCode::unavailable, "the worker went away before it answered"));
  });
}

void RpcDesk::expire() {
  for (RpcEnded& late : registry_.expire(clock_.mono_ms())) {
    stop(late, "timeout");
    answer(std::move(late.call), fail(ErrorCode::rpc_timeout, "the method did not answer in time"));
  }
  schedule();
}

void RpcDesk::schedule() {
  // Deadlines differ, so an earlier one may come after a later one.
  if (const auto due = registry_.next_due()) timers_.schedule(timer_, *due);
}

void RpcDesk::answer(RpcCall call, RpcOutcome outcome) {
  if (call.reply) {
    mesh_.post(call.caller.shard,
               [reply = std::move(call.reply), outcome = std::move(outcome)]() mutable {
                 reply(std::move(outcome));
               });
    return;
  }
  reach(call.caller, [id = std::move(call.reply_id), channel = std::move(call.channel),
                      outcome = std::move(outcome)](Session& caller) {
    RpcHandler::answer(caller, id, channel, outcome);
  });
}

}  // namespace tidewire
