#include "server/shard_server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "api/error_reply.h"
#include "base/ids.h"
#include "limits/address_key.h"
#include "observability/log.h"
#include "protocol/client_kind.h"
#include "server/dev_tokens.h"
#include "server/echo_sink.h"
#include "session/session.h"

namespace tidewire {
namespace {

constexpr MonoMillis kSweepMs = 5'000;
constexpr MonoMillis kDrainStepMs = 50;

ws::DeflateConfig deflate_config(const CompressionConfig& compression) {
  return {.enabled = compression.enabled,
          .threshold_bytes = compression.threshold_bytes,
          .level = static_cast<int>(compression.level)};
}

ChannelLimits channel_limits(const Config& config) {
  const LimitsConfig& limits = config.limits;
  return {.presence_members = limits.presence_members,
          .presence_users = limits.presence_users,
          .presence_last_seen = limits.presence_last_seen,
          .presence_grace_ms = config.presence.grace.count(),
          .typing_users = limits.typing_users,
          .receipt_consumers = limits.consumers_per_channel,
          .receipt_timeout_ms = limits.receipt_timeout.count(),
          .streams = {.growing_max = limits.streams_per_channel,
                      .growing_per_producer_max = limits.streams_per_producer,
                      .text_bytes_max = limits.stream_bytes,
                      .parts_max = limits.stream_parts},
          .state = {.keys_max = limits.state_keys,
                    .value_bytes_max = limits.state_value_bytes,
                    .bytes_max = limits.state_bytes}};
}

OutboxLimits outbox_limits(const Config& config) {
  OutboxLimits limits{.queued_bytes_max = config.limits.queue_bytes,
                      .queued_frames_max = config.limits.queue_messages,
                      .folded_bytes_max = config.limits.stream_bytes};
  const std::array<LaneConfig, kPriorityCount> lanes{config.lanes.critical, config.lanes.high,
                                                     config.lanes.normal, config.lanes.low};
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    limits.lanes.weights[lane] = static_cast<std::uint32_t>(lanes[lane].weight);
    limits.lanes.bytes_max[lane] = lanes[lane].bytes;
  }
  return limits;
}

OutboxLimits echo_outbox_limits(const LimitsConfig& limits) {
  // An echo queues what it was sent, so that a client may send a few of its largest messages ahead.
  return {.queued_bytes_max = std::max<std::size_t>(limits.queue_bytes, 8 * limits.message_bytes),
          .queued_frames_max = 1'000'000};
}

}  // namespace

/// A connection and what ends with it.
struct ShardServer::Kept final : Connection {
  Kept(const ConnectionParts& parts, std::unique_ptr<net::Stream> stream,
       const ws::EndpointOptions& options, ConnectionLease held, ClientKind client)
      : Connection(parts, std::move(stream), options),
        lease(std::move(held)),
        kind(client),
        tls(is_tls()) {
    parts.metrics.connections_opened.add();
    count().add();
  }
  ~Kept() override { count().sub(); }

  Gauge& count() const {
    return parts().metrics.connections_of(static_cast<KindLabel>(kind),
                                          tls ? TransportLabel::tls : TransportLabel::plain);
  }

  ConnectionLease lease;
  std::uint32_t place = 0;  // in the row of its shard
  ClientKind kind;
  bool tls;
};

ShardServer::ShardServer(net::Shard& shard, ShardMesh& mesh, RpcDesk& rpc, SessionDesk& desk,
                         SharedState& state)
    : shard_(shard),
      state_(state),
      json_({.batch_messages = state.config.limits.batch_messages}),
      proto_({.batch_messages = state.config.limits.batch_messages}),
      deflate_(deflate_config(state.config.compression)),
      forms_(json_, proto_, deflate_),
      channel_limits_(channel_limits(state.config)),
      node_({.index = static_cast<ShardIndex>(shard.index()),
             .mesh = mesh,
             .config = state.config,
             .json = json_,
             .clock = shard.clock(),
             .timers = shard.timers(),
             .limits = channel_limits_,
             .forms = forms_,
             .metrics = metrics_,
             .store = state.storage ? state.storage->history(shard.index())
                                    : static_cast<HistoryStore&>(memory_store_)}),
      context_{.config = state.config,
               .node = node_,
               .json = json_,
               .proto = proto_,
               .forms = forms_,
               .deflate = deflate_,
               .clock = shard.clock(),
               .timers = shard.timers(),
               .metrics = metrics_,
               .schemas = schemas_,
               .sessions = sessions_,
               .all_sessions = state.sessions,
               .users = state.users,
               .rates = state.rates,
               .rpc = rpc,
               .desk = desk,
               .authenticator = state.authenticator,
               .hooks = state.hooks,
               .transfers = state.transfers},
      lingering_(shard),
      connection_parts_{.shard = shard,
                        .lingering = lingering_,
                        .deflate = deflate_,
                        .metrics = metrics_,
                        .keeper = *this,
                        .scratch = write_scratch_,
                        .outbox_limits = outbox_limits(state.config)},
      echo_parts_(connection_parts_),
      http_parts_{.shard = shard,
                  .lingering = lingering_,
                  .metrics = metrics_,
                  .keeper = *this,
                  .limits = {.head_bytes_max = state.config.limits.header_bytes,
                             .headers_max = state.config.limits.headers,
                             .body_bytes_max = state.config.limits.body_bytes},
                  .timeouts = {.head_ms = state.config.limits.header_timeout.count(),
                               .body_ms = state.config.api.ingest_idle.count()}},
      sweep_timer_([](void* self) { static_cast<ShardServer*>(self)->sweep(); }, this),
      drain_timer_([](void* self) { static_cast<ShardServer*>(self)->close_next(); }, this) {
  echo_parts_.outbox_limits = echo_outbox_limits(state.config.limits);
  if (state.storage && desk.enabled())
    context_.journal = &journal_.emplace(sessions_, shard.clock(), shard.timers());
  state.metrics.add_shard(metrics_);
  state.sessions.push_back(&sessions_);
}

ShardServer::~ShardServer() {
  connections_.clear();
  http_connections_.clear();
}

std::expected<void, std::string> ShardServer::prepare() {
  for (const auto& [name, options] : state_.config.namespaces)
    for (const auto& [type, schema] : options.schemas)
      if (auto added = schemas_.add(name, type, schema); !added) return added;
  if (state_.config.static_files.dir.empty()) return {};
  auto files = http::StaticFiles::open({.root = state_.config.static_files.dir});
  if (!files) return std::unexpected(std::move(files.error()));
  files_.emplace(std::move(*files));
  return {};
}

void ShardServer::start() {
  node_.hub().collect([this] { shard_.at_turn_end(hub_flush_); });
  shard_.observe_turns([this](const net::TurnStats& turn) {
    metrics_.loop_lag_seconds.record(std::chrono::microseconds(turn.busy_us));
  });
  shard_.timers().schedule(sweep_timer_, shard_.clock().mono_ms() + kSweepMs);
}

void ShardServer::sweep() {
  node_.sweep();
  if (shard_.index() == 0) context_.desk.sweep(shard_.clock().wall_ms(), metrics_);
  shard_.timers().schedule(sweep_timer_, shard_.clock().mono_ms() + kSweepMs);
}

void ShardServer::on_accept(net::UniqueFd socket, const net::SocketAddress& peer) {
  serve(std::move(socket), peer, *this, state_.tls != nullptr);
}

void ShardServer::on_exhausted(int error, std::size_t refused) {
  log_error("out of descriptors: connections are refused; raise the limit of open files",
            {{"errno", error}, {"refused", refused}, {"open", connections_.size()}});
}

void ShardServer::serve(net::UniqueFd socket, const net::SocketAddress& peer, HttpService& service,
                        bool tls) {
  std::unique_ptr<net::Stream> stream;
  if (tls) {
    stream = state_.tls->accept(std::move(socket), peer);
  } else {
    stream = std::make_unique<net::TcpStream>(std::move(socket), peer);
  }
  if (!stream) return;
  auto connection = std::make_shared<HttpConnection>(http_parts_, service, std::move(stream));
  HttpConnection& started = *connection;
  http_connections_.emplace(connection.get(), std::move(connection));
  started.start();
}

void ShardServer::release(HttpConnection& connection) {
  auto node = http_connections_.extract(&connection);
  if (node.empty()) return;
  shard_.retire(std::make_unique<std::shared_ptr<HttpConnection>>(std::move(node.mapped())));
}

void ShardServer::release(Connection& connection) {
  const std::size_t place = static_cast<Kept&>(connection).place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = static_cast<std::uint32_t>(place);
  shard_.retire(std::move(connections_.back()));
  connections_.pop_back();
}

void ShardServer::handle(const http::Request& request, RespondFn respond) {
  if (request.path == "/ws" || request.path.starts_with("/ws/") ||
      (request.path == "/debug/echo" && state_.config.debug.echo)) {
    auto plan = plan_upgrade(request, state_, shard_.clock().wall_ms());
    if (!plan) return respond(std::move(plan.error().response));
  }
  if (state_.config.debug.dev_tokens && request.path == "/dev/token")
    return respond(dev_token_response(request, state_.config, shard_.clock().wall_ms()));
  if (files_) return respond(files_->respond(request));
  respond(error_reply(404, {.code = ErrorCode::not_found, .message = "no such path"}));
}

std::optional<UpgradeRefusal> ShardServer::over_limit(const net::Stream& stream,
                                                      std::optional<ConnectionLease>& lease) {
  if (state_.draining.load(std::memory_order_relaxed))
    return UpgradeRefusal{error_reply(503, {.code = ErrorCode::shutting_down,
                                            .message = "the server is stopping",
                                            .retry_after_ms = 1'000}),
                          HandshakeLabel::overloaded};
  if (const auto key = AddressKey::parse(stream.peer_address().host())) {
    const MonoMicros now = shard_.clock().mono_us();
    if (!state_.connects.admit(*key, now)) {
      metrics_.rate_limited_by(RateScope::address, RateLabel::connects).add();
      return UpgradeRefusal{error_reply(429, {.code = ErrorCode::rate_limited,
                                              .message = "too many connects from this address",
                                              .retry_after_ms = std::max(
                                                  1, state_.connects.retry_after_ms(*key, now))}),
                            HandshakeLabel::rate_limited};
    }
  }
  lease = state_.caps.acquire();
  if (lease) return std::nullopt;
  return UpgradeRefusal{error_reply(503, {.code = ErrorCode::overloaded,
                                          .message = "the server has all the connections it takes",
                                          .retry_after_ms = 5'000}),
                        HandshakeLabel::overloaded};
}

HttpService::UpgradeDecision ShardServer::upgrade(const http::Request& request,
                                                  const net::Stream& stream) {
  auto plan = plan_upgrade(request, state_, shard_.clock().wall_ms());
  std::optional<ConnectionLease> lease;
  std::optional<UpgradeRefusal> refusal;
  if (plan) {
    refusal = over_limit(stream, lease);
  } else {
    refusal = std::move(plan.error());
  }
  if (refusal) {
    metrics_.handshakes[refusal->label].add();
    return {.refusal = std::move(refusal->response)};
  }
  metrics_.handshakes[HandshakeLabel::accepted].add();
  auto client = detect_client(request.header("Tidewire-Client").value_or(""),
                              request.header("User-Agent").value_or(""));
  return {.upgrade = [this, plan = std::move(*plan), lease = std::move(*lease),
                      client = std::move(client)](std::unique_ptr<net::Stream> upgraded,
                                                  std::span<const char> pending) mutable {
    open(std::move(plan), std::move(lease), std::move(client), std::move(upgraded), pending);
  }};
}

ws::EndpointOptions ShardServer::endpoint_options(const UpgradePlan& plan) const {
  const std::size_t bytes = state_.config.limits.message_bytes;
  return {.message_bytes_max = bytes,
          .frame_bytes_max = bytes,
          .fragments_max = plan.echo ? 1'000'000U : 1024U,
          .deflate = plan.handshake.deflate};
}

void ShardServer::open(UpgradePlan plan, ConnectionLease lease, ClientInfo client,
                       std::unique_ptr<net::Stream> stream, std::span<const char> pending) {
  SessionStart start{.info = {.connection_id = ShortId(random_id()),
                              .address = stream->peer_address(),
                              .client = client.label(),
                              .kind = client.kind,
                              .tls = stream->is_tls(),
                              .proto = plan.handshake.subprotocol == "tidewire.v1.proto",
                              .compressed = plan.handshake.deflate.has_value(),
                              .connected_at = shard_.clock().wall_ms()},
                     .claims = std::move(plan.claims),
                     .scope = std::move(plan.channel),
                     .session_id = std::move(plan.session_id),
                     .deflate = plan.handshake.deflate};
  auto kept = std::make_unique<Kept>(plan.echo ? echo_parts_ : connection_parts_, std::move(stream),
                                     endpoint_options(plan), std::move(lease), client.kind);
  Connection& connection = *kept;
  kept->place = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back(std::move(kept));
  if (plan.echo) {
    auto echo = std::make_shared<EchoSink>(connection, shard_.clock());
    connection.use_form(*echo);
    connection.attach(std::move(echo));
  } else {
    auto session = std::make_shared<Session>(context_, connection, std::move(start));
    connection.use_form(*session);
    connection.attach(std::move(session));
  }
  connection.start(plan.handshake.response(), pending);
}

void ShardServer::drain(MonoMillis pace_ms) {
  sessions_.for_each([&](Session& session) {
    session.announce_goaway("restart", pace_ms);
    draining_.emplace_back(session.info().connection_id.view());
  });
  if (draining_.empty()) return;
  // Few connections: one a step, the steps far apart. Many: short steps of several each.
  const auto count = static_cast<MonoMillis>(draining_.size());
  const MonoMillis steps = std::min(count, std::max<MonoMillis>(1, pace_ms / kDrainStepMs));
  drain_batch_ = static_cast<std::size_t>((count + steps - 1) / steps);
  drain_step_ms_ = pace_ms / steps;
  if (drain_step_ms_ == 0) return close_next();
  // The shards take turns, so that few connections are spread out too.
  const auto turn = static_cast<MonoMillis>(shard_.index());
  const auto shards = static_cast<MonoMillis>(state_.sessions.size());
  shard_.timers().schedule(drain_timer_, shard_.clock().mono_ms() + drain_step_ms_ * turn / shards);
}

void ShardServer::close_next() {
  const std::size_t batch = drain_step_ms_ == 0 ? draining_.size() : drain_batch_;
  for (std::size_t closed = 0; closed < batch && !draining_.empty(); ++closed) {
    if (Session* session = sessions_.find(draining_.back()))
      session->close(CloseCode::server_restart, "the server restarts");
    draining_.pop_back();
  }
  if (!draining_.empty())
    shard_.timers().schedule(drain_timer_, shard_.clock().mono_ms() + drain_step_ms_);
}

void ShardServer::abort_all() {
  std::vector<Connection*> connections;
  for (const auto& kept : connections_) connections.push_back(kept.get());
  for (Connection* connection : connections) connection->abort();
  std::vector<std::shared_ptr<HttpConnection>> http;
  for (auto& [key, connection] : http_connections_) http.push_back(connection);
  for (const auto& connection : http) connection->abort();
}

}  // namespace tidewire
