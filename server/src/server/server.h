#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "net/listener.h"
#include "net/shard_pool.h"
#include "outbound/http_client.h"
#include "server/backend_monitor.h"
#include "server/internal_service.h"
#include "server/pool_mesh.h"
#include "server/run_server.h"
#include "server/shard_server.h"
#include "server/shared_state.h"
#include "session/rpc_desk.h"

namespace tidewire {

/// The whole server: shards, listeners, what they share, and an orderly end.
///
/// Owner:  run_server(). Thread: main, but for what is posted to shards.
/// Order:  create(), start(), wait().
class Server {
 public:
  /// Binds both listeners; nothing is accepted before start(). The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<Server>, std::string> create(
      const Config& config);
  ~Server();

  void start();
  /// Returns when every shard has ended.
  void wait();

  [[nodiscard]] RunningServer addresses() const;

  /// From shard 0's thread: the first call drains and ends gracefully, the second ends at once.
  void shut_down();
  /// From shard 0's thread: reads the certificate again.
  void reload();

 private:
  class Signals;

  explicit Server(const Config& config);
  std::expected<void, std::string> prepare();
  std::expected<void, std::string> open_storage();
  std::expected<void, std::string> listen();
  void close_listeners();
  void check_drained();
  void end_now();

  SharedState state_;
  net::ShardPool pool_;
  PoolMesh mesh_;
  BackendMonitor backend_monitor_;
  outbound::HttpClient http_;
  HookCaller hooks_;
  RpcDesk rpc_;
  TransferDesk transfers_;
  SessionDesk session_desk_;
  std::vector<std::unique_ptr<ShardServer>> shards_;
  std::unique_ptr<InternalService> internal_;
  std::vector<std::unique_ptr<net::Listener>> public_listeners_;
  std::unique_ptr<net::Listener> internal_listener_;
  std::unique_ptr<Signals> signals_;
  Timer drain_check_;
  MonoMillis drain_deadline_ms_ = 0;
  bool shutting_down_ = false;
};

}  // namespace tidewire
