#pragma once

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "auth/token_minter.h"
#include "history/memory_session_store.h"
#include "hub/domain_fixture.h"
#include "session/fake_http.h"
#include "session/session.h"

/// For tests only: sessions over a domain of some shards, with a clock that stands still and a wire
/// that keeps what they send.
namespace tidewire {

using nlohmann::json;

inline constexpr std::string_view kSecret = "a secret of at least thirty-two bytes";

/// A connection that keeps what a session sends, for as long as it reads.
class Wire final : public SessionTransport {
 public:
  explicit Wire(ServerMetrics& metrics) : metrics_(metrics) {}
  void use(OutboxForm& form, OutboxLimits limits = {}) {
    limits_ = limits;
    outbox_.emplace(limits_, form, metrics_);
  }

  [[nodiscard]] Outbox& outbox() override { return *outbox_; }
  void flush_soon(const BatchLimits& batch) override {
    window = batch.delay_ms;
    ++flushes;
  }
  [[nodiscard]] bool delivered() const override { return outbox_->empty() && acknowledges; }
  void close_after_flush(CloseCode code, std::string_view why) override {
    closed = code;
    reason = why;
  }
  void close_now(CloseCode code, std::string_view why) override {
    outbox_->clear();
    close_after_flush(code, why);
  }

  /// Every message that has been sent since the last call.
  std::vector<json> read() {
    std::string bytes;
    while (!outbox_->empty()) {
      std::array<iovec, 64> parts{};
      const std::size_t count = outbox_->gather(parts, scratch_);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
        size += parts[i].iov_len;
      }
      outbox_->consume(size);
    }
    std::vector<json> messages;
    for (std::size_t at = 0; at < bytes.size();) {
      // RFC 6455, 5.2: 126 is followed by a length of two bytes, 127 by one of eight.
      std::size_t size = static_cast<unsigned char>(bytes[at + 1]);
      const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
      if (extended > 0) size = 0;
      for (std::size_t i = 0; i < extended; ++i)
        size = size * 256 + static_cast<unsigned char>(bytes[at + 2 + i]);
      const std::size_t header = 2 + extended;
      const std::string text = bytes.substr(at + header, size);
      const json parsed = json::parse(text);
      if (parsed.is_array()) {
        ++batches;
        for (const json& each : parsed) messages.push_back(each);
      } else {
        messages.push_back(parsed);
      }
      at += header + size;
    }
    return messages;
  }

  std::optional<CloseCode> closed;
  std::string reason;
  std::int64_t window = -1;
  int batches = 0;
  int flushes = 0;
  bool acknowledges = true;  // the kernel's send queue is empty

 private:
  ServerMetrics& metrics_;
  GatherScratch scratch_;
  OutboxLimits limits_;
  std::optional<Outbox> outbox_;
};

inline Config test_config() {
  Config config;
  config.namespaces["chat"] = NamespaceConfig{
      .publish = true, .subscribe = true, .history = true, .presence = true, .join_leave = true};
  config.namespaces["fast"] = NamespaceConfig{.delivery_class = DeliveryClass::ephemeral,
                                              .publish = true,
                                              .subscribe = true,
                                              .batch_window = Milliseconds(40)};
  config.namespaces["sealed"] = NamespaceConfig{};
  return config;
}

/// What a session needs around it; make as many clients as the test has people.
class SessionWorld {
 public:
  struct Client {
    Client(SessionWorld& world, SessionStart start, ShardIndex shard)
        : wire(*world.domain.metrics[shard]),
          session(std::make_shared<Session>(*world.contexts[shard], wire, std::move(start))),
          mesh(world.domain.mesh) {
      wire.use(*session);
      session->open();
    }
    ~Client() { session->closed(1000); }

    void send(std::string_view text) {
      std::string padded(text);
      padded.append(64, ' ');
      session->on_activity(text.size());
      session->on_message(false, std::string_view(padded).substr(0, text.size()));
    }
    void send(const json& message) { send(std::string_view(message.dump())); }
    /// Sends and returns the reply with that id.
    json ask(json message) {
      message["id"] = "ask";
      send(message);
      mesh.run();
      for (const json& each : wire.read())
        if (each.value("id", "") == "ask") return each;
      return nullptr;
    }

    Wire wire;
    std::shared_ptr<Session> session;
    QueueMesh& mesh;
  };

  explicit SessionWorld(Config configuration = test_config())
      : SessionWorld(1, std::move(configuration)) {}
  explicit SessionWorld(std::size_t shards, Config configuration = test_config(),
                        SessionStore* store = nullptr)
      : domain(shards, std::move(configuration)) {
    if (store != nullptr) session_desk.keep_in(std::vector<SessionStore*>(shards, store));
    for (std::size_t i = 0; i < shards; ++i) {
      own_directories.push_back(std::make_unique<SessionDirectory>());
      directories.push_back(own_directories.back().get());
    }
    for (std::size_t i = 0; i < shards; ++i) {
      contexts.push_back(make_context(i));
      if (store == nullptr) continue;
      journals.push_back(std::make_unique<SessionJournal>(*directories[i], domain.clock, timers));
      contexts.back()->journal = journals.back().get();
    }
  }

  static std::shared_ptr<const Authenticator> make_authenticator() {
    const std::vector<KeyConfig> keys{{.alg = "HS256", .secret = std::string(kSecret)}};
    return std::make_shared<const Authenticator>(std::move(*KeySet::build(keys)), ClaimChecks{});
  }

  std::string token(std::string_view user, std::int64_t ttl_s = 3'600,
                    std::vector<ChannelRule> rules = {}, std::string sid = {}) {
    const auto minter = TokenMinter::build({.material = std::string(kSecret)});
    return *minter->mint({.user_id = std::string(user),
                          .expires_at_s = domain.clock.wall_ms() / 1000 + ttl_s,
                          .session_id = std::move(sid),
                          .info_json = R"({"name":"x"})",
                          .rules = std::move(rules)});
  }

  /// What the last process has left.
  void reopen(MemorySessionStore& store) {
    store.reopen(domain.clock.wall_ms() + session_limits.ttl_ms,
                 [this](const SessionRecord& record) { session_desk.registry().restore(record); });
  }

  std::unique_ptr<Client> connect(std::string scope = {}, ShardIndex shard = 0) {
    SessionStart start{.scope = std::move(scope)};
    return connect_with(std::move(start), shard);
  }
  std::unique_ptr<Client> connect_with(SessionStart start, ShardIndex shard = 0) {
    start.info.connection_id = ShortId("c" + std::to_string(++connections));
    start.info.client = "test/1";
    return std::make_unique<Client>(*this, std::move(start), shard);
  }

  std::unique_ptr<Client> connect_as(std::string_view user, std::vector<ChannelRule> rules = {}) {
    auto client = connect();
    const json reply = client->ask(
        {{"type", "auth"}, {"payload", {{"token", token(user, 3'600, std::move(rules))}}}});
    if (reply["type"] != "welcome") throw std::logic_error(reply.dump());
    return client;
  }

  void advance(std::int64_t ms) {
    for (; ms > 0; ms -= 10) {
      domain.clock.advance_ms(std::min<std::int64_t>(ms, 10));
      timers.advance(domain.clock.mono_ms());
    }
  }

  static json chat(std::string_view text, std::string_view channel = "chat:1") {
    return {{"type", "chat_message"},
            {"channel", channel},
            {"payload", {{"content", text}, {"role", "user"}}}};
  }

  Domain domain;
  TimerWheel& timers = domain.timers;
  SchemaRegistry schemas;
  std::vector<std::unique_ptr<SessionDirectory>> own_directories;
  std::vector<SessionDirectory*> directories;
  UserDirectory users{2};
  TransferDesk transfers{{.mesh = domain.mesh,
                          .sessions = directories,
                          .clock = domain.clock,
                          .timers = timers,
                          .limits = {}}};
  FakeHttp http;
  HookCaller hooks;  // nobody is asked
  RpcDesk desk{{.mesh = domain.mesh,
                .sessions = directories,
                .clock = domain.clock,
                .timers = timers,
                .limits = {},
                .backends = {{.methods = {"backend.*"}, .timeout_ms = 500},
                             {.methods = {"backend.safe"}, .idempotent = true}},
                .http = &http}};
  RateLimiter rates{domain.config};
  SessionLimits session_limits{.parked_per_user_max = 3, .events_max = 3};
  SessionDesk session_desk{
      {.mesh = domain.mesh, .sessions = directories, .limits = session_limits}};
  std::vector<std::unique_ptr<SessionJournal>> journals;  // with a store
  std::vector<std::unique_ptr<SessionContext>> contexts;
  int connections = 0;

 private:
  std::unique_ptr<SessionContext> make_context(std::size_t shard) {
    return std::make_unique<SessionContext>(SessionContext{.config = domain.config,
                                                           .node = *domain.nodes[shard],
                                                           .json = domain.json,
                                                           .proto = domain.proto,
                                                           .forms = domain.forms,
                                                           .deflate = domain.deflate,
                                                           .clock = domain.clock,
                                                           .timers = timers,
                                                           .metrics = *domain.metrics[shard],
                                                           .schemas = schemas,
                                                           .sessions = *directories[shard],
                                                           .all_sessions = directories,
                                                           .users = users,
                                                           .rates = rates,
                                                           .rpc = desk,
                                                           .desk = session_desk,
                                                           .authenticator = make_authenticator(),
                                                           .hooks = &hooks,
                                                           .transfers = &transfers});
  }
};

}  // namespace tidewire
