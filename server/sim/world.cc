#include "world.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace tidewire::sim {

using nlohmann::json;

namespace {

constexpr std::int64_t kChaosMs = 15'000;
constexpr std::int64_t kCalmMs = 90'000;
constexpr std::int64_t kForgetMs = 8'000;  // until the server knows of every half-open connection
constexpr std::uint64_t kNeverDead = 1'000;
constexpr std::int64_t kSweepMs = 5'000;
constexpr std::int64_t kAnswerMs = 3'000;
constexpr int kRoundsMax = 5;

Config make_config(Random& random) {
  static constexpr std::array kPolicies{OverflowPolicy::by_class,    OverflowPolicy::spill,
                                        OverflowPolicy::fold,        OverflowPolicy::conflate,
                                        OverflowPolicy::drop_oldest, OverflowPolicy::disconnect};
  Config config;
  config.limits.queue_bytes = random.percent(50) ? 24 * 1024 : 256 * 1024;
  config.heartbeat.interval = Milliseconds(4'000);
  config.heartbeat.timeout = Milliseconds(2'000);
  config.session.ttl = Milliseconds(random.percent(20) ? 3'000 : 120'000);
  config.namespaces["chat"] =
      NamespaceConfig{.publish = true,
                      .subscribe = true,
                      .history = true,
                      .cancel = true,
                      .presence = true,
                      .join_leave = true,
                      .history_size = random.percent(30) ? 12U : 10'000U,  // a few, or all of a run
                      .history_bytes = 4 << 20,
                      .history_ttl = Milliseconds(random.percent(20) ? 3'000 : 300'000),
                      .stream_timeout = Milliseconds(random.percent(30) ? 600 : 60'000),
                      .overflow = random.percent(30) ? OverflowPolicy::spill
                                                     : kPolicies[random.below(kPolicies.size())],
                      .batch_window = Milliseconds(random.percent(30) ? 40 : 0),
                      .rollup = Milliseconds(random.percent(30) ? 60 : 0)};
  NamespaceConfig& work = config.namespaces["work"] = config.namespaces["chat"];
  work.ack = "required";
  work.ack_timeout = Milliseconds(random.between(150, 800));
  work.ack_attempts = random.percent(50) ? kNeverDead : 3;
  work.ack_window = 2 + random.below(20);
  config.namespaces["dead"] = config.namespaces["chat"];
  config.limits.receipt_timeout = Milliseconds(random.between(500, 5'000));
  if (random.percent(40))
    for (const char* name : {"chat", "work", "dead"}) config.namespaces[name].receipts = true;
  return config;
}

}  // namespace

World::World(std::uint64_t seed) : random_(seed), config_(make_config(random_)) {
  if (random_.percent(60)) make_disk();
  oracle_.expect({.kept_on_disk = disk_ != nullptr,
                  .kept_whole = config_.namespaces["chat"].history_size >= 10'000 &&
                                config_.namespaces["chat"].history_ttl.count() >= 300'000,
                  .ack_attempts = config_.namespaces["work"].ack_attempts});
}

World::~World() {
  clients_.clear();
  server_.reset();
}

void World::make_disk() {
  static constexpr std::array<std::int64_t, 4> kSlowness{1, 8, 40, 250};
  const std::int64_t slow_ms = kSlowness[random_.below(kSlowness.size())];
  disk_ = std::make_unique<SimDisk>();
  disk_->world = {
      .later = [this](
                   std::int64_t ms,
                   Task task) { schedule_.after(std::max<std::int64_t>(ms, 1), std::move(task)); },
      .plan =
          [this, slow_ms] {
            return DiskPlan{
                .disk_ms = random_.between(0, slow_ms),
                .answer_ms = random_.between(0, 3),
                .fails = reached_if(schedule_.now() < disk_fails_until_, Reached::disk_failed)};
          },
      .readable =
          [this] {
            return !reached_if(schedule_.now() < unreadable_until_, Reached::disk_unreadable);
          },
      .queue_max = random_.percent(20) ? 4U : 1'000U,
      .group_max = random_.percent(20) ? 1U : 1'000U};              // history.sync = always
  if (random_.percent(25)) synced_ = std::make_unique<DiskRows>();  // off
}

void World::start_server() {
  server_ =
      std::make_unique<SimServer>(config_, schedule_, random_, 1 + random_.below(3), disk_.get());
}

void World::make_clients() {
  const std::uint64_t users = 2 + random_.below(4);
  const std::uint64_t channels = 1 + random_.below(3);
  const bool works = random_.percent(50);
  const bool calls = random_.percent(40);
  for (std::uint64_t i = 0; i < users + 1; ++i) {
    // The first user has two devices.
    const std::string user = "u" + std::to_string(i == users ? 0 : i);
    std::vector<std::string> names;
    for (std::uint64_t channel = 0; channel < channels; ++channel)
      if (channel == 0 || random_.percent(70)) names.push_back("chat:" + std::to_string(channel));
    if (works && random_.percent(60)) names.emplace_back("work:0");
    if (works && i == 0) names.emplace_back("dead:work.0");
    clients_.push_back(std::make_unique<SimClient>(
        ClientName{"d" + std::to_string(i), user, std::move(names)},
        ClientParts{
            .schedule = schedule_,
            .random = random_,
            .oracle = oracle_,
            .dial = [this]() -> std::shared_ptr<Link> {
              if (!server_ || server_->draining()) return nullptr;
              LinkShape shape;
              if (random_.percent(20)) shape.client_bytes_per_ms = 8;
              auto link = std::make_shared<Link>(schedule_, random_, shape);
              server_->accept(link);
              return link;
            },
            .ack_window = config_.namespaces["work"].ack_attempts == kNeverDead
                              ? config_.namespaces["work"].ack_window
                              : 0,
            .receipts = config_.namespaces["chat"].receipts,
            .calls = calls,
            .works_for_others = calls && random_.percent(50),
            .token = [this](const std::string& name) { return server_->token(name); },
            .foreign_session = [this](const std::string& name) { return foreign_session(name); }}));
  }
}

std::string World::foreign_session(const std::string& user) {
  const SimClient& victim = *random_.pick(clients_);
  return victim.user() == user ? "" : victim.session();
}

void World::run() {
  start_server();
  make_clients();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->start();
    plan_act(i);
  }
  plan_fault();
  plan_sweep();
  plan_direct();
  plan_sync();
  run_until(schedule_.now() + kChaosMs);
  calm_ = true;
  disk_fails_until_ = unreadable_until_ = 0;
  for (const auto& client : clients_) client->calm();
  for (const MonoMillis end = schedule_.now() + kCalmMs; !unsettled().empty();) {
    if (schedule_.now() >= end) throw Violation("it never comes to rest: " + unsettled());
    run_until(schedule_.now() + 200);
  }
  run_until(schedule_.now() + kForgetMs);
  check();
}

void World::run_until(MonoMillis moment) {
  while (true) {
    if (server_) server_->settle();
    if (schedule_.run_due()) continue;
    if (schedule_.now() >= moment) return;
    MonoMillis next = schedule_.next_at(moment);
    if (server_) next = std::min(next, server_->wake_at());
    schedule_.advance_to(std::clamp(next, schedule_.now() + 1, moment));
    if (server_) server_->advance();
  }
}

void World::plan_act(std::size_t client) {
  schedule_.after(random_.between(1, 60), [this, client] {
    clients_[client]->act();
    plan_act(client);
  });
}

void World::plan_sweep() {
  schedule_.after(kSweepMs, [this] {
    if (server_) server_->sweep();
    plan_sweep();
  });
}

void World::plan_fault() {
  schedule_.after(random_.between(100, 1'500), [this] {
    if (calm_) return;
    bring_fault();
    plan_fault();
  });
}

void World::bring_fault() {
  SimClient& client = *random_.pick(clients_);
  const std::uint64_t dice = random_.below(100);
  if (dice < 32) return client.cut_link();
  if (dice < 50) return client.silence_link();
  if (dice < 77) return client.stall_link(random_.between(200, 4'000));
  if (dice < 81) return crash_server();
  if (dice < 83) return stop_server();
  if (dice < 85) return crash_machine();
  if (dice < 91) return break_disk(disk_fails_until_);
  if (dice < 94) return break_disk(unreadable_until_);
  oracle_.reach(Reached::wall_clock_jumped);
  FakeClock& clock = schedule_.clock();
  clock.set_wall_ms(clock.wall_ms() + random_.between(-3'000, 3'000));
}

void World::break_disk(MonoMillis& until) {
  if (!disk_) return;
  until = std::max(until, schedule_.now() + random_.between(50, 2'000));
}

void World::stop_server() {
  if (!server_ || server_->draining()) return;
  oracle_.reach(Reached::server_stopped);
  const std::int64_t pace_ms = random_.between(0, 1'500);
  server_->drain(pace_ms);
  schedule_.after(pace_ms + random_.between(0, 1'000), [this, life = oracle_.server_life()] {
    if (server_ && life == oracle_.server_life()) end_server();
  });
}

void World::crash_server() {
  if (!server_) return;
  oracle_.reach(Reached::server_crashed);
  end_server();
}

void World::end_server() {
  oracle_.server_restarts();
  server_->crash();
  server_.reset();
  schedule_.after(random_.between(50, 1'000), [this] { start_server(); });
}

/// All processes end, and what the disk had not synced is lost.
void World::crash_machine() {
  if (!server_ || !disk_) return;
  oracle_.reach(Reached::machine_crashed);
  crash_server();
  if (!synced_) return;
  oracle_.reach(Reached::disk_began_anew);
  disk_->rows.copy_of(*synced_);
  disk_->rows.begin_anew();
  disk_->rows.sessions.rewrite([](std::string& body) {
    json session = json::parse(body);
    session.erase("publishes");
    body = session.dump();
  });
  synced_->copy_of(disk_->rows);
  oracle_.disk_begins_anew();
}

/// What is committed reaches the disk at times of its own.
void World::plan_sync() {
  if (!synced_) return;
  schedule_.after(random_.between(20, 3'000), [this] {
    synced_->copy_of(disk_->rows);
    plan_sync();
  });
}

void World::plan_direct() {
  schedule_.after(random_.between(100, 1'500), [this] {
    if (calm_) return;
    if (server_) send_direct();
    plan_direct();
  });
}

/// The application sends something to a session or to all sessions of a user.
void World::send_direct() {
  const SimClient& client = *random_.pick(clients_);
  const std::string session = client.session();
  if (session.empty()) return;
  const std::uint64_t life = oracle_.server_life();
  const bool to_session = random_.percent(60);
  const std::string key = "note-" + std::to_string(++sent_direct_);
  json payload{{"user", client.user()}, {"life", life}, {"connection", client.connections()}};
  if (to_session) {
    payload["session"] = session;
    payload["seenIn"] = client.session_life();
  }
  DirectEvent event{
      .type = "note", .payload = payload.dump(), .key = key, .ts = schedule_.clock().wall_ms()};
  if (!to_session)
    return server_->send_to_user(client.user(), std::move(event), [](SessionDesk::Tally) {});
  server_->send_to_session(session, std::move(event),
                           [this, key, session, life](SessionDesk::Tally tally) {
                             if (tally.reached + tally.queued > 0)
                               oracle_.direct().taken(key, session, life);
                           });
}

std::string World::unsettled() const {
  if (!server_) return "there is no server";
  for (const auto& client : clients_)
    if (auto why = client->unsettled(); !why.empty()) return why;
  return {};
}

void World::check_history(const std::string& channel, const HistoryPage& page) {
  const Position top{page.position.epoch, page.position.offset};
  std::map<std::uint64_t, std::string> found;
  for (const PublicationPtr& each : page.publications) {
    const json payload = json::parse(each->payload());
    oracle_.saw(channel, {top.epoch, each->offset}, payload);
    found.emplace(each->offset, payload.dump());
  }
  oracle_.check_history(channel, top, found);
}

void World::ask_clients() {
  open_ = 0;
  const std::uint64_t round = ++round_;
  const auto ask = [this, round](SimClient& client, json question, ClientWire::Then then) {
    ++open_;
    client.ask(std::move(question), [this, round, then = std::move(then)](const json& reply) {
      if (round != round_) return;
      then(reply);
      --open_;
    });
  };
  for (const auto& client : clients_) {
    for (const std::string& channel : client->channels()) {
      ask(*client, {{"type", "history"}, {"channel", channel}, {"payload", {{"limit", 1}}}},
          [&client, channel](const json& reply) {
            const json& payload = reply.at("payload");
            client->view(channel).check({payload.at("epoch"), payload.at("offset")});
          });
      ask(*client, {{"type", "state_get"}, {"channel", channel}, {"payload", json::object()}},
          [this, &client, channel](const json& reply) {
            const json& entries = reply.at("payload").at("entries");
            client->view(channel).check_state(entries);
            oracle_.check_state(channel, client->view(channel).position().epoch, entries);
          });
      ask(*client, {{"type", "presence"}, {"channel", channel}},
          [this, channel](const json& reply) { check_presence(channel, reply); });
    }
  }
}

void World::check_presence(const std::string& channel, const json& reply) const {
  std::set<std::string> users;
  for (const auto& client : clients_)
    if (std::ranges::count(client->channels(), channel) != 0) users.insert(client->user());
  std::set<std::string> present;
  for (const json& member : reply.at("payload").at("members"))
    present.insert(member.at("userId").get<std::string>());
  if (present != users)
    throw Violation("presence of " + channel + " does not converge: " + reply.dump());
}

void World::check() {
  // A connection that was lost meanwhile takes its questions along.
  for (int i = 0; i == 0 || (open_ != 0 && i < kRoundsMax); ++i) {
    ask_clients();
    run_until(schedule_.now() + kAnswerMs);
  }
  std::set<std::string> all;
  for (const auto& client : clients_)
    all.insert(client->channels().begin(), client->channels().end());
  for (const auto& client : clients_)
    oracle_.direct().check(client->user(), client->session(), oracle_.server_life());
  // What may still be asked when the world ends must not point into this function.
  const auto pages = std::make_shared<std::map<std::string, HistoryPage>>();
  for (const std::string& channel : all)
    server_->read_history(
        channel, [pages, channel](const HistoryPage& page) { pages->emplace(channel, page); });
  run_until(schedule_.now() + kAnswerMs);
  if (open_ != 0 || pages->size() != all.size())
    throw Violation("questions stay without an answer");
  for (const auto& [channel, page] : *pages) check_history(channel, page);
  // Into an empty outbox goes one reply of any size: at most all that a channel keeps.
  const std::size_t bound =
      config_.limits.queue_bytes + 2 * config_.namespaces["chat"].history_bytes;
  if (server_->queued_bytes_peak() > bound)
    throw Violation("an outbox held " + std::to_string(server_->queued_bytes_peak()) + " bytes");
}

}  // namespace tidewire::sim
