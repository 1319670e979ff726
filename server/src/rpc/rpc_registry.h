#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "protocol/error.h"
#include "rpc/backend_methods.h"
#include "rpc/rpc_call.h"

namespace tidewire {

struct RpcLimits {
  std::size_t calls_per_connection = 256;
  std::size_t calls_max = 100'000;
  std::int64_t timeout_ms = 10'000;  // of a call that names none, and the most it may name
};

/// A call that ended before its worker answered, and the worker, so that it can stop.
struct RpcEnded {
  RpcCall call;
  RpcAssignment assignment;
};

/// What became of the calls of a worker that is gone.
struct RpcLeft {
  std::vector<RpcCall> lost;
  std::vector<RpcAssignment> moved;  // to another worker
};

/// The workers of the server, their methods, and the calls they have not answered yet.
///
/// Owner:  one RpcDesk; one instance a server. Thread: that desk's shard.
/// Order:  a method of both goes to the workers; a backend serves what no worker offers.
/// Time:   every call has a deadline of its own; expire() ends those that have passed.
/// Limit:  RpcLimits; begin() past one is refused, and nothing is remembered of that call. The
///         limit of a connection does not hold for the server API, which is one caller for many.
///         A call of an idempotent method is given to a second worker at most, never to a third.
class RpcRegistry {
 public:
  explicit RpcRegistry(const RpcLimits& limits, std::vector<BackendMethods> backends = {})
      : limits_(limits), backends_(std::move(backends)) {}

  /// From now on `worker` serves exactly these methods; none ends it. Its open calls stay.
  void serve(const RpcAddress& worker, std::vector<RpcMethod> methods);

  /// Gives a call to the least loaded worker of its method, else to the backend that serves it.
  /// Errors: method_not_found, limit_exceeded, overloaded; `call` is then untouched.
  [[nodiscard]] std::expected<RpcAssignment, Error> begin(RpcCall&& call, MonoMillis now);
  /// An open call; nullptr when there is none of that name. Its parameters are there only while
  /// it may be asked again.
  [[nodiscard]] const RpcCall* find(std::string_view request_id) const;

  /// The call that `worker` answers; nullopt when it is not open, or another's.
  [[nodiscard]] std::optional<RpcCall> finish(std::string_view worker, std::string_view request_id);
  /// The call that a backend answered; nullopt when it is not open any more.
  [[nodiscard]] std::optional<RpcCall> finish_backend(std::string_view request_id);

  /// `caller` gives up the call it made with that id; nullopt when none is open.
  [[nodiscard]] std::optional<RpcEnded> cancel(std::string_view caller, std::string_view reply_id);
  /// `caller` is gone: the calls whose answers nobody can get any more. Those without an id never
  /// wanted one and go on.
  [[nodiscard]] std::vector<RpcEnded> abandon(std::string_view caller);

  /// `worker` is gone. Its calls of idempotent methods move to other workers.
  [[nodiscard]] RpcLeft leave(std::string_view worker, MonoMillis now);

  /// The calls whose time is over.
  [[nodiscard]] std::vector<RpcEnded> expire(MonoMillis now);
  /// When expire() has something to do; nullopt when nothing is open.
  [[nodiscard]] std::optional<MonoMillis> next_due() const;

  [[nodiscard]] std::size_t open_calls() const { return open_.size(); }
  [[nodiscard]] std::size_t workers() const { return workers_.size(); }

 private:
  struct Worker {
    RpcAddress address;
    std::vector<RpcMethod> methods;
    std::unordered_set<std::string> requests;  // open ones
    std::uint64_t asked_at = 0;                // in calls, not in time
  };
  struct Serving {
    Worker* worker;
    bool idempotent;
  };
  struct Open {
    RpcCall call;
    Worker* worker;  // nullptr: a backend
    std::size_t backend;
    MonoMillis due;
    std::uint32_t attempt;
    bool may_retry;
  };
  using OpenMap = std::unordered_map<std::string, Open>;  // by request id

  [[nodiscard]] std::optional<Error> refusal(const RpcCall& call) const;
  [[nodiscard]] const Serving* choose(const std::string& method) const;
  [[nodiscard]] std::int64_t time_for(const RpcCall& call,
                                      std::optional<std::size_t> backend) const;
  RpcAssignment assign(Open open, const Serving* chosen, MonoMillis now);
  void withdraw(Worker& worker);
  void drop_idle(Worker& worker);
  Open close(OpenMap::iterator open);
  RpcEnded end(OpenMap::iterator open);

  RpcLimits limits_;
  std::vector<BackendMethods> backends_;
  std::unordered_map<std::string, std::unique_ptr<Worker>> workers_;  // by connection id
  std::unordered_map<std::string, std::vector<Serving>> methods_;
  OpenMap open_;
  std::set<std::pair<MonoMillis, std::string>> due_;  // with the request id
  std::unordered_map<std::string, std::unordered_set<std::string>> calls_of_;  // by the caller
  std::uint64_t calls_ = 0;
};

}  // namespace tidewire
