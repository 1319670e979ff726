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

void RpcDesk::serve(RpcAddress worker, std::vector<std::string> methods, std::string reply_id) {
  mesh_.post(kHome, [this, worker = std::move(worker), methods = std::move(methods),
                     reply_id = std::move(reply_id)]() mutable {
    registry_.serve(worker, std::move(methods));
    if (reply_id.empty()) return;
    reach(worker, [reply_id = std::move(reply_id)](Session& session) {
      RpcHandler::acknowledge(session, reply_id);
    });
  });
}

void RpcDesk::call(RpcRequest request) {
  mesh_.post(kHome, [this, request = std::move(request)]() mutable { begin(std::move(request)); });
}

void RpcDesk::begin(RpcRequest request) {
  auto assigned = registry_.begin(request.call, clock_.mono_ms());
  if (!assigned) return answer(request.call, std::unexpected(std::move(assigned.error())));
  std::string payload = rpc_request_payload({.request_id = assigned->request_id,
                                             .method = request.call.method,
                                             .params_json = request.params_json,
                                             .user_id = request.from.user_id,
                                             .connection_id = request.from.connection_id,
                                             .client = request.from.client});
  reach(assigned->worker, [channel = std::move(request.call.channel), payload = std::move(payload)](
                              Session& worker) { RpcHandler::ask(worker, channel, payload); });
  schedule();
}

void RpcDesk::respond(std::string worker, RpcResponse response) {
  mesh_.post(kHome, [this, worker = std::move(worker), response = std::move(response)] {
    finish(worker, response);
  });
}

void RpcDesk::finish(std::string_view worker, const RpcResponse& response) {
  const auto call = registry_.finish(worker, response.request_id);
  if (!call) return;  // too late, or never asked
  if (!response.error_name.empty()) return answer(*call, std::unexpected(failure_of(response)));
  answer(*call, response.result_json);
}

void RpcDesk::leave(std::string worker) {
  mesh_.post(kHome, [this, worker = std::move(worker)] {
    for (const RpcCall& lost : registry_.leave(worker))
      answer(lost, fail(ErrorCode::unavailable, "the worker went away before it answered"));
  });
}

void RpcDesk::expire() {
  for (const RpcCall& late : registry_.expire(clock_.mono_ms()))
    answer(late, fail(ErrorCode::rpc_timeout, "the method did not answer in time"));
  schedule();
}

void RpcDesk::schedule() {
  const auto due = registry_.next_due();
  if (due && !timer_.waiting()) timers_.schedule(timer_, *due);
}

void RpcDesk::answer(const RpcCall& call, std::expected<std::string, Error> result) {
  reach(call.caller, [id = call.reply_id, channel = call.channel, result = std::move(result)](
                         Session& caller) { RpcHandler::answer(caller, id, channel, result); });
}

}  // namespace tidewire
