#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "rpc/rpc_registry.h"
#include "session/session_directory.h"

namespace tidewire {

/// What a worker answers: a result, or an error when `error_name` is not empty.
struct RpcResponse {
  std::string request_id;
  std::string result_json;
  std::string message_id;  // the answer goes on as this message stream
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
/// Errors: a call ends in exactly one answer, if its caller is still there: the result,
///         method_not_found, limit_exceeded, overloaded, rpc_failed, rpc_timeout, rpc_cancelled or
///         unavailable. A worker whose call ends before it answers is told to stop.
class RpcDesk {
 public:
  explicit RpcDesk(const RpcDeskParts& parts);

  /// The worker gets an `ack` with `reply_id` once calls can reach it.
  void serve(RpcAddress worker, std::vector<RpcMethod> methods, std::string reply_id);
  void call(RpcCall call);
  void respond(std::string worker, RpcResponse response);
  /// The caller gives up its call `target`; the command `reply_id` is answered.
  void cancel(RpcAddress caller, std::string target, std::string reply_id);
  /// The connection has ended: of a worker, of a caller, or of one that is both.
  void leave(std::string connection_id);

 private:
  void begin(RpcCall call);
  void ask(RpcAssignment assignment);
  void stop(const RpcEnded& ended, std::string_view why);
  void finish(std::string_view worker, RpcResponse response);
  void expire();
  void schedule();
  void answer(RpcCall call, RpcOutcome outcome);
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
