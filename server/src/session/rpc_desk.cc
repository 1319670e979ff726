#include "session/rpc_desk.h"

#include <utility>

#include "protocol/replies.h"
#include "session/rpc_handler.h"
#include "session/session.h"

namespace tidewire {
namespace {

std::vector<bool> idempotent_ones(const std::vector<BackendMethods>& backends) {
  std::vector<bool> flags;
  for (const BackendMethods& backend : backends) flags.push_back(backend.idempotent);
  return flags;
}

}  // namespace

RpcDesk::RpcDesk(RpcDeskParts parts)
    : mesh_(parts.mesh),
      sessions_(parts.sessions),
      clock_(parts.clock),
      timers_(parts.timers),
      http_(parts.http),
      may_repeat_(idempotent_ones(parts.backends)),
      registry_(parts.limits, std::move(parts.backends)),
      timer_([](void* self) { static_cast<RpcDesk*>(self)->expire(); }, this) {}

void RpcDesk::reach(const RpcAddress& address, std::move_only_function<void(Session&)> work) {
  mesh_.post(address.shard, [sessions = sessions_[address.shard], id = address.connection_id,
                             work = std::move(work)]() mutable {
    if (Session* session = sessions->find(id)) work(*session);
  });
}

void RpcDesk::serve(RpcAddress worker, std::vector<RpcMethod> methods, std::string reply_id) {
  mesh_.post(kHomeShard, [this, worker = std::move(worker), methods = std::move(methods),
                          reply_id = std::move(reply_id)]() mutable {
    registry_.serve(worker, std::move(methods));
    if (reply_id.empty()) return;
    reach(worker, [reply_id = std::move(reply_id)](Session& session) {
      RpcHandler::acknowledge(session, reply_id);
    });
  });
}

void RpcDesk::call(RpcCall call) {
  mesh_.post(kHomeShard, [this, call = std::move(call)]() mutable { begin(std::move(call)); });
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
  if (assignment.backend) return ask_backend(call, assignment);
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

void RpcDesk::ask_backend(const RpcCall& call, const RpcAssignment& assignment) {
  const auto id = http_->call(
      {.backend = *assignment.backend,
       .body = backend_request_json(call, assignment),
       .timeout_ms = assignment.timeout_ms,
       .idempotent = may_repeat_[*assignment.backend],
       .done = [this, request_id = assignment.request_id](outbound::HttpResult result) mutable {
         mesh_.post(kHomeShard, [this, request_id = std::move(request_id),
                                 result = std::move(result)]() mutable {
           finish_backend(request_id, std::move(result));
         });
       }});
  on_the_way_.emplace(assignment.request_id, id);
}

void RpcDesk::finish_backend(const std::string& request_id, outbound::HttpResult result) {
  on_the_way_.erase(request_id);
  auto call = registry_.finish_backend(request_id);
  if (!call) return;  // ended before
  RpcOutcome outcome = outcome_of(*call, std::move(result));
  answer(std::move(*call), std::move(outcome));
}

void RpcDesk::respond(std::string worker, RpcResponse response) {
  mesh_.post(kHomeShard,
             [this, worker = std::move(worker), response = std::move(response)]() mutable {
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
  if (ended.assignment.backend) {
    const auto found = on_the_way_.find(ended.assignment.request_id);
    if (found != on_the_way_.end()) http_->cancel(found->second);
    return;
  }
  reach(ended.assignment.worker,
        [channel = ended.call.channel, request_id = ended.assignment.request_id,
         why = std::string(why)](Session& worker) {
          RpcHandler::stop(worker, channel, request_id, why);
        });
}

void RpcDesk::cancel(RpcAddress caller, std::string target, std::string reply_id) {
  mesh_.post(kHomeShard, [this, caller = std::move(caller), target = std::move(target),
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
  mesh_.post(kHomeShard, [this, connection_id = std::move(connection_id)] {
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
