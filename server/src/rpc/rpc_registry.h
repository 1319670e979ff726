#pragma once

#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "hub/shard_mesh.h"
#include "protocol/error.h"

namespace tidewire {

struct RpcLimits {
  std::size_t calls_per_connection = 256;
  std::size_t calls_max = 100'000;
  std::int64_t timeout_ms = 10'000;
};

/// A connection and the shard that it lives on.
struct RpcAddress {
  ShardIndex shard = 0;
  std::string connection_id;
};

/// A call that waits for its answer: whom to tell, and how.
struct RpcCall {
  RpcAddress caller;
  std::string reply_id;  // the `id` of the caller's message
  std::string channel;
  std::string method;
};

/// Who has to answer a call, and under which name.
struct RpcAssignment {
  std::string request_id;
  RpcAddress worker;
};

/// The workers of the server, their methods, and the calls they have not answered yet.
///
/// Owner:  one RpcDesk; one instance a server. Thread: that desk's shard.
/// Time:   every call has the same timeout, so the oldest is the next to expire.
/// Limit:  RpcLimits; begin() past one is refused, and nothing is remembered of that call.
class RpcRegistry {
 public:
  explicit RpcRegistry(const RpcLimits& limits) : limits_(limits) {}

  /// From now on `worker` serves exactly these methods; none ends it. Its open calls stay.
  void serve(const RpcAddress& worker, std::vector<std::string> methods);

  /// Gives a call to the least loaded worker of its method. Errors: method_not_found,
  /// limit_exceeded, overloaded.
  [[nodiscard]] std::expected<RpcAssignment, Error> begin(RpcCall call, MonoMillis now);

  /// The call that `worker` answers; nullopt when it is not open, or another's.
  [[nodiscard]] std::optional<RpcCall> finish(std::string_view worker, std::string_view request_id);

  /// `worker` is gone: the calls that it will not answer.
  [[nodiscard]] std::vector<RpcCall> leave(std::string_view worker);

  /// The calls whose time is over.
  [[nodiscard]] std::vector<RpcCall> expire(MonoMillis now);
  /// When expire() has something to do; nullopt when nothing is open.
  [[nodiscard]] std::optional<MonoMillis> next_due() const;

  [[nodiscard]] std::size_t open_calls() const { return open_.size(); }
  [[nodiscard]] std::size_t workers() const { return workers_.size(); }

 private:
  struct Worker {
    RpcAddress address;
    std::vector<std::string> methods;
    std::unordered_set<std::string> requests;  // open ones
    std::uint64_t asked_at = 0;                // in calls, not in time
  };
  struct Open {
    std::string request_id;
    RpcCall call;
    Worker* worker;
    MonoMillis due;
  };
  using OpenList = std::list<Open>;

  [[nodiscard]] std::optional<Error> refusal(const RpcCall& call) const;
  [[nodiscard]] Worker* choose(const std::string& method) const;
  void withdraw(Worker& worker);
  void drop_idle(Worker& worker);
  RpcCall close(OpenList::iterator open);

  RpcLimits limits_;
  std::unordered_map<std::string, std::unique_ptr<Worker>> workers_;  // by connection id
  std::unordered_map<std::string, std::vector<Worker*>> methods_;
  OpenList open_;  // oldest first
  std::unordered_map<std::string, OpenList::iterator> by_request_;
  std::unordered_map<std::string, std::size_t> calls_of_;  // open ones by the caller's connection
  std::uint64_t calls_ = 0;
};

}  // namespace tidewire
