#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "history/publication.h"
#include "rpc/rpc_registry.h"
#include "session/session_directory.h"

namespace tidewire {

/// A call on its way to a worker.
struct RpcRequest {
  RpcCall call;
  std::string params_json;
  PublicationSender from;
};

/// What a worker answers: a result, or an error when `error_name` is not empty.
struct RpcResponse {
  std::string request_id;
  std::string result_json;
  std::string error_name;
  std::string error_message;
};

/// What the desk stands on. `clock` and `timers` are shard 0's.
struct RpcDeskParts {
  ShardMesh& mesh;
  const std::vector<SessionDirectory*>& sessions;  // of every shard
  const Clock& clock;
  TimerWheel& timers;
  RpcLimits limits;
};

/// Carries calls to workers and answers to callers, whatever shards they are on.
///
/// Owner:  the Server; one instance. Outlives every session.
/// Thread: its verbs may be called on any shard. They post to shard 0, which alone touches the
///         registry and the timer; what comes of it is posted to the session's own shard.
/// Order:  verbs of one shard take effect in the order they were called.
/// Errors: a call ends in exactly one answer, if its connection is still there: the result,
///         method_not_found, limit_exceeded, overloaded, rpc_failed, rpc_timeout or unavailable.
class RpcDesk {
 public:
  explicit RpcDesk(const RpcDeskParts& parts);

  /// The worker gets an `ack` with `reply_id` once calls can reach it.
  void serve(RpcAddress worker, std::vector<std::string> methods, std::string reply_id);
  void call(RpcRequest request);
  void respond(std::string worker, RpcResponse response);
  /// The connection of a worker has ended.
  void leave(std::string worker);

 private:
  void begin(RpcRequest request);
  void finish(std::string_view worker, const RpcResponse& response);
  void expire();
  void schedule();
  void answer(const RpcCall& call, std::expected<std::string, Error> result);
  /// Runs `work` with the session, on its shard, if it is still there.
  void reach(const RpcAddress& address, std::move_only_function<void(Session&)> work);

  ShardMesh& mesh_;
  const std::vector<SessionDirectory*>& sessions_;
  const Clock& clock_;
  TimerWheel& timers_;
  RpcRegistry registry_;
  Timer timer_;
};

}  // namespace tidewire
