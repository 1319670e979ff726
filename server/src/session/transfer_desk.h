#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/timer_wheel.h"
#include "rpc/rpc_call.h"
#include "session/session_directory.h"
#include "session/transfer_table.h"

namespace tidewire {

class Session;

/// What the desk stands on. `clock` and `timers` are shard 0's.
struct TransferDeskParts {
  ShardMesh& mesh;
  const std::vector<SessionDirectory*>& sessions;  // of every shard
  const Clock& clock;
  TimerWheel& timers;
  TransferLimits limits;
};

/// The transfers of the server, whatever connections they go over.
///
/// Owner:  the Server; one instance. Outlives every session.
/// Thread: its verbs may be called on any shard. They post to shard 0, which alone touches the
///         table and the timer; answers are posted to the session's own shard.
/// Order:  verbs of one shard take effect in the order they were called.
class TransferDesk {
 public:
  using Done = std::move_only_function<void(Session&, std::expected<TransferProgress, Error>)>;
  using Whole = std::move_only_function<void(Session&, std::expected<std::string, Error>)>;

  explicit TransferDesk(const TransferDeskParts& parts);

  /// `done` runs with the session, on its shard, if it is still there; so does `whole`.
  void begin(RpcAddress session, std::string user, std::string id, std::uint64_t size, Done done);
  void add(RpcAddress session, std::string user, std::string id, std::uint64_t index,
           std::string data, Done done);
  void finish(RpcAddress session, std::string user, std::string id, Whole whole);

 private:
  void expire();
  void schedule();
  void reach(const RpcAddress& address, std::move_only_function<void(Session&)> work);

  ShardMesh& mesh_;
  const std::vector<SessionDirectory*>& sessions_;
  const Clock& clock_;
  TimerWheel& timers_;
  TransferTable table_;
  Timer timer_;
};

}  // namespace tidewire
