#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "history/memory_history_store.h"
#include "http/static_files.h"
#include "hub/node.h"
#include "net/listener.h"
#include "protocol/client_kind.h"
#include "protocol/json_codec.h"
#include "protocol/proto_codec.h"
#include "server/connection.h"
#include "server/http_connection.h"
#include "server/pool_mesh.h"
#include "server/shared_state.h"
#include "server/upgrade.h"
#include "session/session_context.h"

namespace tidewire {

/// Everything of the server that lives on one shard: its node of the domain, its sessions, its
/// connections, and what the public listener serves.
///
/// Owner:  the Server. Thread: the shard's, or before it runs.
class ShardServer final : public net::ListenerEvents,
                          public ConnectionKeeper,
                          public HttpKeeper,
                          public HttpService {
 public:
  ShardServer(net::Shard& shard, ShardMesh& mesh, RpcDesk& rpc, SessionDesk& desk,
              SharedState& state);
  ~ShardServer() override;

  /// Before the shards run. The error is a sentence for the operator.
  [[nodiscard]] std::expected<void, std::string> prepare();
  void start();

  /// Takes an accepted socket and serves HTTP on it.
  void serve(net::UniqueFd socket, const net::SocketAddress& peer, HttpService& service, bool tls);

  /// Tells every client that the server goes away and closes them evenly over `pace_ms`.
  void drain(MonoMillis pace_ms);
  /// Cuts what is left.
  void abort_all();

  [[nodiscard]] Node& node() { return node_; }
  [[nodiscard]] SessionDirectory& sessions() { return sessions_; }
  [[nodiscard]] SessionContext& context() { return context_; }
  [[nodiscard]] ServerMetrics& metrics() { return metrics_; }
  [[nodiscard]] net::Shard& shard() { return shard_; }
  [[nodiscard]] SharedState& state() { return state_; }
  [[nodiscard]] std::size_t open_connections() const { return connections_.size(); }

 private:
  struct Kept;
  /// Hands over what the hub collected in a turn.
  class HubFlush final : public net::Flushable {
   public:
    explicit HubFlush(Hub& hub) : hub_(hub) {}
    void on_turn_end() override { hub_.flush(); }

   private:
    Hub& hub_;
  };

  // net::ListenerEvents
  void on_accept(net::UniqueFd socket, const net::SocketAddress& peer) override;
  void on_exhausted(int error, std::size_t refused) override;
  // ConnectionKeeper, HttpKeeper
  void release(Connection& connection) override;
  void release(HttpConnection& connection) override;
  // HttpService of the public listener
  void handle(const http::Request& request, RespondFn respond) override;
  UpgradeDecision upgrade(const http::Request& request, const net::Stream& stream) override;

  [[nodiscard]] std::optional<UpgradeRefusal> over_limit(const net::Stream& stream,
                                                         std::optional<ConnectionLease>& lease);
  void open(UpgradePlan plan, ConnectionLease lease, ClientInfo client,
            std::unique_ptr<net::Stream> stream, std::span<const char> pending);
  [[nodiscard]] ws::EndpointOptions endpoint_options(const UpgradePlan& plan) const;
  void close_next();
  void sweep();

  net::Shard& shard_;
  SharedState& state_;
  ServerMetrics metrics_;
  JsonCodec json_;
  ProtoCodec proto_;
  ws::DeflateScratch deflate_;
  WireForms forms_;
  ChannelLimits channel_limits_;
  MemoryHistoryStore memory_store_;  // used when SharedState::storage is nothing
  Node node_;
  HubFlush hub_flush_{node_.hub()};
  SessionDirectory sessions_;
  SchemaRegistry schemas_;
  std::optional<SessionJournal> journal_;  // with a store only
  SessionContext context_;
  net::LingeringStreams lingering_;
  GatherScratch write_scratch_;
  ConnectionParts connection_parts_;
  ConnectionParts echo_parts_;
  HttpParts http_parts_;
  std::optional<http::StaticFiles> files_;
  std::vector<std::unique_ptr<Kept>> connections_;  // each knows its place
  std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> http_connections_;
  Timer sweep_timer_;
  Timer drain_timer_;
  std::vector<std::string> draining_;  // connection ids still to be closed
  MonoMillis drain_step_ms_ = 0;
  std::size_t drain_batch_ = 1;
};

}  // namespace tidewire
