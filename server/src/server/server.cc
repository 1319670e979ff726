#include "server/server.h"

#include <csignal>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "net/process.h"
#include "observability/log.h"
#include "server/auth_setup.h"
#include "server/outbound_setup.h"

namespace tidewire {
namespace {

constexpr MonoMillis kDrainCheckMs = 20;

/// `0.0.0.0` is where the server listens, not where a person can go.
std::string url_of(const char* scheme, const net::SocketAddress& address) {
  const std::string port = std::to_string(address.port());
  if (address.is_any()) return std::string(scheme) + "://127.0.0.1:" + port;
  return std::string(scheme) + "://" + address.to_string();
}

SessionLimits session_limits(const SessionConfig& config) {
  return {.ttl_ms = config.ttl.count(),
          .parked_max = config.parked,
          .parked_per_user_max = config.per_user,
          .parked_bytes_max = config.bytes,
          .events_max = config.events};
}

}  // namespace

/// The process's signals, delivered on shard 0.
class Server::Signals {
 public:
  explicit Signals(Server& server)
      : server_(server), set_(server.pool_.shard(0).io_context(), SIGTERM, SIGINT, SIGHUP) {
    wait();
  }

 private:
  void wait() {
    set_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        server_.reload();
      } else {
        server_.shut_down();
      }
      wait();
    });
  }

  Server& server_;
  boost::asio::signal_set set_;
};

Server::Server(const Config& config)
    : state_(config),
      pool_({.shards = config.shards}),
      mesh_(pool_),
      backend_monitor_(backends_of(state_.config), state_.metrics),
      http_(backends_of(state_.config), &backend_monitor_),
      hooks_(http_, mesh_, hooks_of(state_.config)),
      rpc_({.mesh = mesh_,
            .sessions = state_.sessions,
            .clock = pool_.shard(0).clock(),
            .timers = pool_.shard(0).timers(),
            .limits = {.calls_per_connection = state_.config.limits.rpc_calls,
                       .timeout_ms = state_.config.limits.rpc_timeout.count()},
            .backends = methods_of(state_.config),
            .http = &http_}),
      transfers_({.mesh = mesh_,
                  .sessions = state_.sessions,
                  .clock = pool_.shard(0).clock(),
                  .timers = pool_.shard(0).timers(),
                  .limits = {.bytes_max = state_.config.limits.transfer_bytes,
                             .per_user = state_.config.limits.transfers_per_user,
                             .memory_max = state_.config.limits.transfers_memory,
                             .ttl_ms = state_.config.limits.transfer_timeout.count()}}),
      session_desk_({.mesh = mesh_,
                     .sessions = state_.sessions,
                     .limits = session_limits(state_.config.session)}),
      drain_check_([](void* self) { static_cast<Server*>(self)->check_drained(); }, this) {}

Server::~Server() {
  pool_.stop();
  pool_.join();
  // Its threads post to the shards, and the nodes hold its stores.
  internal_.reset();
  shards_.clear();
  state_.storage.reset();
}

std::expected<std::unique_ptr<Server>, std::string> Server::create(const Config& config) {
  net::raise_fd_limit();
  std::unique_ptr<Server> server(new Server(config));
  if (auto prepared = server->prepare(); !prepared) return std::unexpected(prepared.error());
  if (auto bound = server->listen(); !bound) return std::unexpected(bound.error());
  return server;
}

std::expected<void, std::string> Server::prepare() {
  state_.hooks = &hooks_;
  state_.transfers = &transfers_;
  auto authenticator = make_authenticator(state_.config.auth);
  if (!authenticator) return std::unexpected(std::move(authenticator.error()));
  state_.authenticator = std::make_shared<const Authenticator>(std::move(*authenticator));
  auto origins = make_origin_policy(state_.config.origins);
  if (!origins) return std::unexpected(std::move(origins.error()));
  state_.origins = std::move(*origins);
  if (state_.config.tls.enabled()) {
    auto tls = net::TlsContext::load({state_.config.tls.cert_file, state_.config.tls.key_file});
    if (!tls) return std::unexpected(std::move(tls.error()));
    state_.tls = std::move(*tls);
  }
  if (auto opened = open_storage(); !opened) return opened;
  std::vector<Node*> nodes;
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    shards_.push_back(
        std::make_unique<ShardServer>(pool_.shard(i), mesh_, rpc_, session_desk_, state_));
    if (auto prepared = shards_.back()->prepare(); !prepared) return prepared;
    nodes.push_back(&shards_.back()->node());
  }
  for (Node* node : nodes) node->connect(nodes);
  internal_ = std::make_unique<InternalService>(*shards_.front());
  return {};
}

std::expected<void, std::string> Server::open_storage() {
  constexpr std::string_view kSqlite = "sqlite:";
  const HistoryConfig& history = state_.config.history;
  if (!history.url.starts_with(kSqlite)) return {};
  // A file that may not grow is an error to be answered, not the end of the process.
  (void)std::signal(SIGXFSZ, SIG_IGN);
  const HistorySync sync = history.sync == "always" ? HistorySync::always
                           : history.sync == "off"  ? HistorySync::off
                                                    : HistorySync::batch;
  auto opened = SqliteStorage::open(
      {.file = {.path = history.url.substr(kSqlite.size()), .sync = sync},
       .shards = pool_.size(),
       .queue_bytes_max = history.queue_bytes,
       .meta_ttl = history.meta_ttl.count(),
       .connected_until = pool_.shard(0).clock().wall_ms() + state_.config.session.ttl.count(),
       .found_session =
           [this](const SessionRecord& record) { session_desk_.registry().restore(record); },
       .post = [this](std::size_t shard, Task task) { pool_.shard(shard).post(std::move(task)); }});
  if (!opened) return std::unexpected("history.url: " + opened.error());
  state_.storage = std::move(*opened);
  state_.metrics.set_store(state_.storage->metrics());
  std::vector<SessionStore*> sessions;
  for (std::size_t i = 0; i < pool_.size(); ++i) sessions.push_back(&state_.storage->sessions(i));
  session_desk_.keep_in(std::move(sessions));
  if (state_.storage->began_anew())
    log_warn("the machine went down while history.sync was off: all channels begin a new epoch",
             {{"file", history.url}});
  return {};
}

std::expected<void, std::string> Server::listen() {
  const auto public_address = net::SocketAddress::parse(state_.config.listen.public_address);
  if (!public_address) return std::unexpected("listen.public: " + public_address.error());
  auto listeners = net::listen_on_every_shard(
      pool_, *public_address,
      [this](std::size_t shard) -> net::ListenerEvents& { return *shards_[shard]; });
  if (!listeners) return std::unexpected("listen.public: " + listeners.error());
  public_listeners_ = std::move(*listeners);

  const auto internal_address = net::SocketAddress::parse(state_.config.listen.internal_address);
  if (!internal_address) return std::unexpected("listen.internal: " + internal_address.error());
  auto listener = net::Listener::open(pool_.shard(0), *internal_address, *internal_);
  if (!listener) return std::unexpected("listen.internal: " + listener.error());
  internal_listener_ = std::move(*listener);
  return {};
}

void Server::start() {
  signals_ = std::make_unique<Signals>(*this);
  for (const auto& shard : shards_) shard->start();
  pool_.start();
}

void Server::wait() { pool_.join(); }

RunningServer Server::addresses() const {
  return {.public_url = url_of(state_.tls ? "https" : "http", public_listeners_.front()->address()),
          .internal_url = url_of("http", internal_listener_->address())};
}

void Server::reload() {
  state_.metrics.process().config_reloads.fetch_add(1);
  if (!state_.tls) {
    log_info("SIGHUP: there is no certificate to read again");
    return;
  }
  const auto reloaded = state_.tls->reload();
  state_.metrics.process().last_reload_succeeded.store(reloaded.has_value());
  if (reloaded) {
    log_info("the certificate was read again; new connections use it",
             {{"file", state_.config.tls.cert_file}});
  } else {
    log_error("the certificate was not changed", {{"reason", reloaded.error()}});
  }
}

void Server::close_listeners() {
  for (std::size_t i = 0; i < public_listeners_.size(); ++i)
    pool_.shard(i).post([listener = public_listeners_[i].get()] { listener->close(); });
}

void Server::shut_down() {
  if (shutting_down_) {
    log_warn("second signal: ending at once");
    return end_now();
  }
  shutting_down_ = true;
  state_.draining.store(true);
  state_.metrics.process().draining.store(true);
  log_info(
      "stopping: no new connections, clients are told to reconnect",
      {{"connections", state_.caps.total()}, {"pace_ms", state_.config.shutdown.pace.count()}});
  close_listeners();
  for (std::size_t i = 0; i < shards_.size(); ++i)
    pool_.shard(i).post([shard = shards_[i].get(), pace = state_.config.shutdown.pace.count()] {
      shard->drain(pace);
    });
  net::Shard& first = pool_.shard(0);
  drain_deadline_ms_ = first.clock().mono_ms() + state_.config.shutdown.deadline.count();
  first.timers().schedule(drain_check_, first.clock().mono_ms() + kDrainCheckMs);
}

void Server::check_drained() {
  net::Shard& first = pool_.shard(0);
  const bool late = first.clock().mono_ms() >= drain_deadline_ms_;
  if (state_.caps.total() == 0 || late) {
    if (late && state_.caps.total() > 0)
      log_warn("the deadline has passed: cutting what is left",
               {{"connections", state_.caps.total()}});
    return end_now();
  }
  first.timers().schedule(drain_check_, first.clock().mono_ms() + kDrainCheckMs);
}

void Server::end_now() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    net::Shard& shard = pool_.shard(i);
    shard.post([server = shards_[i].get(), &shard] {
      server->abort_all();
      shard.stop();
    });
  }
}

int run_server(const Config& config, std::function<void(const RunningServer&)> on_listening) {
  auto server = Server::create(config);
  if (!server) {
    log_error("the server cannot start", {{"reason", server.error()}});
    return 1;
  }
  (*server)->start();
  on_listening((*server)->addresses());
  (*server)->wait();
  log_info("stopped");
  return 0;
}

}  // namespace tidewire
