#include "sim_server.h"

#include <algorithm>
#include <utility>

#include "session/session.h"

namespace tidewire::sim {

bool ChanceMesh::run_one() {
  const std::size_t first = random_.below(queues_.size());
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    auto& queue = queues_[(first + i) % queues_.size()];
    if (queue.empty()) continue;
    Task task = std::move(queue.front());
    queue.pop_front();
    task();
    return true;
  }
  return false;
}

namespace {

std::shared_ptr<const Authenticator> make_authenticator() {
  const std::vector<KeyConfig> keys{{.alg = "HS256", .secret = std::string(kSecret)}};
  return std::make_shared<const Authenticator>(std::move(*KeySet::build(keys)), ClaimChecks{});
}

}  // namespace

/// What ShardServer is in the product.
struct SimShard {
  SimShard(ShardIndex index, ShardMesh& mesh, const Config& config, const FakeClock& clock,
           const ChannelLimits& limits, HistoryStore* store)
      : timers(clock.mono_ms()),
        node({.index = index,
              .mesh = mesh,
              .config = config,
              .json = json,
              .clock = clock,
              .timers = timers,
              .limits = limits,
              .forms = forms,
              .metrics = metrics,
              .store = store != nullptr ? *store : in_memory}),
        connection_parts{.timers = timers,
                         .clock = clock,
                         .metrics = metrics,
                         .scratch = scratch,
                         .outbox_limits = {.queued_bytes_max = config.limits.queue_bytes,
                                           .queued_frames_max = config.limits.queue_messages}} {
    node.hub().collect([this] { hub_due = true; });
  }

  ServerMetrics metrics;
  JsonCodec json;
  ProtoCodec proto;
  ws::DeflateScratch deflate{ws::DeflateConfig{}};
  WireForms forms{json, proto, deflate};
  TimerWheel timers;
  GatherScratch scratch;
  SchemaRegistry schemas;
  SessionDirectory sessions;
  MemoryHistoryStore in_memory;
  Node node;
  SimConnectionParts connection_parts;
  std::unique_ptr<SessionContext> context;
  std::optional<SessionJournal> journal;  // with a disk only
  std::vector<std::unique_ptr<SimConnection>> connections;
  bool hub_due = false;
};

SimServer::SimServer(const Config& config, Schedule& schedule, Random& random, std::size_t shards,
                     SimDisk* disk)
    : schedule_(schedule),
      random_(random),
      mesh_(shards, random),
      limits_{.receipt_timeout_ms = config.limits.receipt_timeout.count()},
      users_(config.limits.connections_per_user),
      rates_(config),
      minter_(*TokenMinter::build({.material = std::string(kSecret)})) {
  const FakeClock& clock = schedule.clock();
  const SessionLimits session_limits{.ttl_ms = config.session.ttl.count()};
  std::vector<SessionStore*> session_stores;
  if (disk != nullptr) {
    storage_ = std::make_unique<FaultyStorage>(disk->rows, disk->world, shards);
    for (std::size_t i = 0; i < shards; ++i) session_stores.push_back(&storage_->sessions(i));
  }
  std::vector<Node*> nodes;
  for (std::size_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<SimShard>(static_cast<ShardIndex>(i), mesh_, config, clock,
                                                 limits_,
                                                 storage_ ? &storage_->history(i) : nullptr));
    nodes.push_back(&shards_.back()->node);
    directories_.push_back(&shards_.back()->sessions);
  }
  desk_ = std::make_unique<RpcDesk>(RpcDeskParts{.mesh = mesh_,
                                                 .sessions = directories_,
                                                 .clock = clock,
                                                 .timers = shards_.front()->timers,
                                                 .limits = {}});
  session_desk_ = std::make_unique<SessionDesk>(
      SessionDeskParts{.mesh = mesh_, .sessions = directories_, .limits = session_limits});
  session_desk_->keep_in(std::move(session_stores));
  if (disk != nullptr)
    disk->rows.sessions.reopen(
        clock.wall_ms() + session_limits.ttl_ms,
        [this](const SessionRecord& record) { session_desk_->registry().restore(record); });
  const auto authenticator = make_authenticator();
  for (const auto& shard : shards_) {
    shard->node.connect(nodes);
    shard->context =
        std::make_unique<SessionContext>(SessionContext{.config = config,
                                                        .node = shard->node,
                                                        .json = shard->json,
                                                        .proto = shard->proto,
                                                        .forms = shard->forms,
                                                        .deflate = shard->deflate,
                                                        .clock = clock,
                                                        .timers = shard->timers,
                                                        .metrics = shard->metrics,
                                                        .schemas = shard->schemas,
                                                        .sessions = shard->sessions,
                                                        .all_sessions = directories_,
                                                        .users = users_,
                                                        .rates = rates_,
                                                        .rpc = *desk_,
                                                        .desk = *session_desk_,
                                                        .authenticator = authenticator});
    if (storage_)
      shard->context->journal = &shard->journal.emplace(shard->sessions, clock, shard->timers);
  }
}

SimServer::~SimServer() {
  for (const auto& shard : shards_) shard->connections.clear();
  settle();
}

void SimServer::accept(std::shared_ptr<Link> link) {
  SimShard& shard = *random_.pick(shards_);
  SessionStart start;
  start.info.connection_id = ShortId("c" + std::to_string(++accepted_));
  start.info.client = "sim/1";
  auto connection = std::make_unique<SimConnection>(
      shard.connection_parts, std::move(link),
      ws::EndpointOptions{.message_bytes_max = 64 * 1024, .frame_bytes_max = 64 * 1024});
  auto session = std::make_shared<Session>(*shard.context, *connection, std::move(start));
  connection->use_form(*session);
  connection->attach(std::move(session));
  shard.connections.push_back(std::move(connection));
}

bool SimServer::turn(SimShard& shard) {
  bool moved = false;
  for (const auto& connection : shard.connections) {
    moved = connection->turn() || moved;
    queued_peak_ = std::max(queued_peak_, connection->queued_bytes_peak());
  }
  if (std::exchange(shard.hub_due, false)) {
    shard.node.hub().flush();
    moved = true;
  }
  return std::erase_if(shard.connections, [](const auto& each) { return each->finished(); }) != 0 ||
         moved;
}

void SimServer::settle() {
  bool moved = true;
  while (moved) {
    moved = mesh_.run_one();
    // A loop does not turn after every task of another.
    if (moved && random_.percent(60)) continue;
    for (const auto& shard : shards_) moved = turn(*shard) || moved;
  }
}

void SimServer::advance() {
  for (const auto& shard : shards_) shard->timers.advance(schedule_.now());
}

MonoMillis SimServer::wake_at() {
  MonoMillis wake = TimerWheel::kNever;
  for (const auto& shard : shards_) wake = std::min(wake, shard->timers.wake_ms());
  return wake;
}

void SimServer::drain(std::int64_t pace_ms) {
  draining_ = true;
  for (const auto& shard : shards_)
    shard->sessions.for_each([&](Session& session) {
      session.announce_goaway("restart", pace_ms);
      schedule_.after(random_.between(0, pace_ms),
                      [alive = std::weak_ptr(alive_), &sessions = shard->sessions,
                       id = session.info().connection_id] {
                        if (alive.expired()) return;
                        if (Session* session = sessions.find(id))
                          session->close(CloseCode::server_restart, "the server restarts");
                      });
    });
}

void SimServer::crash() {
  alive_.reset();
  if (storage_) storage_->crash();
  for (const auto& shard : shards_)
    for (const auto& connection : shard->connections) connection->crash();
}

std::string SimServer::token(std::string_view user) const {
  return *minter_.mint({.user_id = std::string(user),
                        .expires_at_s = schedule_.clock().wall_ms() / 1000 + 86'400,
                        .info_json = R"({"name":"x"})",
                        .rules = {{.match = "chat:*", .allow = PermissionSet::all()},
                                  {.match = "work:*", .allow = PermissionSet::all()},
                                  {.match = "dead:*", .allow = PermissionSet::all()}}});
}

void SimServer::sweep() {
  for (const auto& shard : shards_) shard->node.sweep();
  session_desk_->sweep(schedule_.clock().wall_ms(), shards_.front()->metrics);
}

void SimServer::send_to_session(const std::string& session, DirectEvent event, Sent sent) {
  const auto shard = static_cast<ShardIndex>(random_.below(shards_.size()));
  session_desk_->send(shard, {session}, std::move(event), true, std::move(sent));
}

void SimServer::send_to_user(const std::string& user, DirectEvent event, Sent sent) {
  const auto shard = static_cast<ShardIndex>(random_.below(shards_.size()));
  session_desk_->send(shard, session_desk_->registry().of_user(user), std::move(event), true,
                      std::move(sent));
}

void SimServer::read_history(const std::string& channel,
                             std::function<void(const HistoryPage&)> done) {
  constexpr std::size_t kAll = 1'000'000;
  shards_.front()->node.history(
      channel, {.since = std::nullopt, .limit = kAll},
      [done = std::move(done)](const std::expected<HistoryPage, Error>& page) {
        done(page.value());
      });
}

std::size_t SimServer::connections() const {
  std::size_t all = 0;
  for (const auto& shard : shards_) all += shard->connections.size();
  return all;
}

}  // namespace tidewire::sim
