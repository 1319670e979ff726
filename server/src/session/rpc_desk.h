#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/timer_wheel.h"
#include "outbound/http_caller.h"
#include "rpc/rpc_registry.h"
#include "session/rpc_backend.h"
#include "session/session_directory.h"

namespace tidewire {

/// What the desk stands on. `clock` and `timers` are shard 0's.
struct RpcDeskParts {
  ShardMesh& mesh;
  const std::vector<SessionDirectory*>& sessions;  // of every shard
  const Clock& clock;
  TimerWheel& timers;
  RpcLimits limits;
  std::vector<BackendMethods> backends = {};  // in the order of `http`
  outbound::HttpCaller* http = nullptr;       // must be there when there are backends
};

/// Carries calls to workers and HTTP backends and answers to callers, whatever shards they are on.
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
  explicit RpcDesk(RpcDeskParts parts);

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
  void ask_backend(const RpcCall& call, const RpcAssignment& assignment);
  void finish_backend(const std::string& request_id, outbound::HttpResult result);
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
  outbound::HttpCaller* http_;
  std::vector<bool> may_repeat_;  // by backend
  RpcRegistry registry_;
  std::unordered_map<std::string, outbound::HttpCaller::CallId> on_the_way_;  // by request id
  Timer timer_;
};

}  // namespace tidewire
