#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/token_minter.h"
#include "history/faulty_storage.h"
#include "hub/node.h"
#include "link.h"
#include "protocol/json_codec.h"
#include "protocol/proto_codec.h"
#include "random.h"
#include "session/rpc_desk.h"
#include "session/session_context.h"
#include "session/session_desk.h"
#include "sim_connection.h"

namespace tidewire::sim {

inline constexpr std::string_view kSecret = "the simulation's secret of thirty-two bytes";

/// How shards reach each other, with chance in the place of threads: tasks of one sender to one
/// shard stay in order, those of different shards interleave as the seed says.
class ChanceMesh final : public ShardMesh {
 public:
  ChanceMesh(std::size_t shards, Random& random) : queues_(shards), random_(random) {}
  [[nodiscard]] std::size_t size() const override { return queues_.size(); }
  void post(ShardIndex shard, Task task) override { queues_[shard].push_back(std::move(task)); }
  /// Runs one waiting task of some shard; false when nothing waits.
  bool run_one();

 private:
  std::vector<std::deque<Task>> queues_;
  Random& random_;
};

struct SimShard;

/// What channels and sessions are kept on beyond the server's life.
struct SimDisk {
  DiskRows rows;
  DiskWorld world;
};

/// One life of the server: the real layers 0 to 3 over some shards, and what stands for the event
/// loops and sockets above them.
///
/// Life: made, accepts links, may drain(), ends by crash() or destruction. What outlives it is on
///       `disk`, if there is one.
class SimServer {
 public:
  SimServer(const Config& config, Schedule& schedule, Random& random, std::size_t shards,
            SimDisk* disk);
  ~SimServer();

  void accept(std::shared_ptr<Link> link);
  /// Turns every loop until nothing moves.
  void settle();
  /// Fires the timers that are due.
  void advance();
  /// When a timer is due next.
  [[nodiscard]] MonoMillis wake_at();
  /// SIGTERM: everybody is told to go, and is closed one by one in the next `pace_ms`.
  void drain(std::int64_t pace_ms);
  [[nodiscard]] bool draining() const { return draining_; }
  /// kill -9: nothing is said, nothing is saved.
  void crash();

  [[nodiscard]] std::string token(std::string_view user) const;
  /// What every shard does every few seconds.
  void sweep();
  using Sent = SessionDesk::Sent;
  /// What the server API does for the application.
  void send_to_session(const std::string& session, DirectEvent event, Sent sent);
  void send_to_user(const std::string& user, DirectEvent event, Sent sent);
  /// All that a channel keeps.
  void read_history(const std::string& channel, std::function<void(const HistoryPage&)> done);
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t queued_bytes_peak() const { return queued_peak_; }

 private:
  bool turn(SimShard& shard);

  Schedule& schedule_;
  Random& random_;
  ChanceMesh mesh_;
  ChannelLimits limits_;
  UserDirectory users_;
  RateLimiter rates_;
  std::unique_ptr<FaultyStorage> storage_;  // nullptr: everything ends with this server
  std::vector<SessionDirectory*> directories_;
  std::vector<std::unique_ptr<SimShard>> shards_;
  std::unique_ptr<RpcDesk> desk_;
  std::unique_ptr<SessionDesk> session_desk_;
  TokenMinter minter_;
  std::uint64_t accepted_ = 0;
  std::size_t queued_peak_ = 0;
  bool draining_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();  // for what was planned
};

}  // namespace tidewire::sim
