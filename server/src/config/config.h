#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/codes.gen.h"

namespace tidewire {

using Milliseconds = std::chrono::milliseconds;

/// Everything an operator can set, as plain values with the defaults inside.
///
/// Owner:   whoever loaded it (config/loader.h); shards keep a copy or a pointer to a const one.
/// Thread:  immutable after loading, so any.
/// Limits:  the ranges are in config/options_*.cc, and only there.
/// Units:   durations are milliseconds, sizes are bytes, rates are per second.
///
/// The names are the configuration keys: `listen.public` is `listen.public_address` here only
/// because `public` is a C++ keyword. A limit or rate of 0 means "no limit" where the option table
/// allows 0.

struct ListenConfig {
  std::string public_address = "0.0.0.0:8000";
  std::string internal_address = "127.0.0.1:9000";
};

struct TlsConfig {
  std::string cert_file;
  std::string key_file;

  [[nodiscard]] bool enabled() const { return !cert_file.empty(); }
};

/// One verification key of `auth.keys`. Exactly one of `secret` (HS*) and `public_key` (the other
/// algorithms, PEM) is set once loaded; the `*_file` members were read into them.
struct AuthKeyConfig {
  std::string alg;
  std::string kid;
  std::string secret;
  std::string secret_file;
  std::string public_key;
  std::string public_key_file;
};

struct AuthConfig {
  std::string hmac_secret;  // short for one key {alg = "HS256", kid = "", secret = ...}
  std::string hmac_secret_file;
  std::vector<AuthKeyConfig> keys;
  std::string issuer;    // empty: `iss` is not checked
  std::string audience;  // empty: `aud` is not checked
  Milliseconds leeway{30'000};
  Milliseconds timeout{5'000};
  Milliseconds grace{25'000};
  bool allow_query_token = false;
};

struct ApiConfig {
  std::string key;  // empty: the server API answers 401 to everyone
  std::string key_file;
  Milliseconds ingest_idle{60'000};
};

struct OriginsConfig {
  std::vector<std::string> allowed;
};

/// A token bucket: so many a second, and `burst` at once (0: twice the rate). A rate of 0 is no
/// limit.
struct RateLimit {
  std::uint64_t per_second = 0;
  std::uint64_t burst = 0;
};

/// The rates of one scope. Not every kind is an option in every scope.
struct RateLimits {
  RateLimit connects;
  RateLimit messages;
  RateLimit bytes;
  RateLimit subscribes;
  RateLimit publishes;
  RateLimit rpcs;
  RateLimit presence_updates;
};

struct LimitsConfig {
  std::uint64_t message_bytes = 64 * 1024;
  std::uint64_t header_bytes = 8 * 1024;
  std::uint64_t headers = 64;
  Milliseconds header_timeout{5'000};
  std::uint64_t body_bytes = 1024 * 1024;
  std::uint64_t batch_messages = 128;
  std::uint64_t bad_messages = 10;

  std::uint64_t connections = 100'000;
  std::uint64_t connections_per_user = 0;
  std::uint64_t channels_per_connection = 128;
  std::uint64_t connects_per_address = 1'000;
  std::uint64_t connects_per_address_burst = 20'000;

  std::uint64_t messages_per_second = 5'000;
  std::uint64_t messages_burst = 10'000;
  std::uint64_t bytes_per_second = 8 * 1024 * 1024;
  std::uint64_t bytes_burst = 16 * 1024 * 1024;

  RateLimits connection{.presence_updates = {.per_second = 10, .burst = 20}};
  RateLimits user;
  RateLimits address;
  RateLimits api;
  std::uint64_t rate_entries = 65'536;

  std::uint64_t queue_bytes = 1024 * 1024;
  std::uint64_t queue_messages = 16'384;
  Milliseconds hidden_rollup{1'000};

  std::uint64_t channels = 1'000'000;
  std::uint64_t history_page = 1'000;
  std::uint64_t history_bytes = 256 * 1024 * 1024;
  std::uint64_t stream_bytes = 1024 * 1024;
  std::uint64_t streams_per_channel = 64;
  std::uint64_t streams_per_producer = 32;
  std::uint64_t stream_parts = 64;
  std::uint64_t presence_members = 1'000;
  std::uint64_t presence_users = 100'000;
  std::uint64_t presence_info_bytes = 4 * 1024;
  std::uint64_t presence_last_seen = 100;
  std::uint64_t typing_users = 100;
  std::uint64_t consumers_per_channel = 1'000;
  std::uint64_t state_keys = 1'000;
  std::uint64_t state_value_bytes = 64 * 1024;
  std::uint64_t state_bytes = 256 * 1024;
  std::uint64_t transfer_bytes = 512 * 1024;
  std::uint64_t transfers_per_user = 4;
  std::uint64_t transfers_memory = 64 * 1024 * 1024;
  Milliseconds transfer_timeout{60'000};
  std::uint64_t rpc_calls = 256;
  Milliseconds rpc_timeout{10'000};
  Milliseconds receipt_timeout{60'000};
};

/// What happens to an event of a channel for which a slow connection's queue has no room;
/// docs/mechanisms/lanes.md says it for each delivery class.
enum class OverflowPolicy : std::uint8_t {
  by_class,     // drop what may be lost, close for the rest
  drop_oldest,  // the channel's oldest events make room; what must not be lost is spilled
  conflate,     // ephemeral events are replaced by newer ones of their type and sender
  fold,         // growing messages are folded, and spilled when even that has no room
  spill,        // the channel pauses; the client recovers from its position
  disconnect    // close 4008
};

/// One priority's share of a connection. `bytes` 0: as much as the queue.
struct LaneConfig {
  std::uint64_t weight = 1;
  std::uint64_t bytes = 0;
};

struct LanesConfig {
  LaneConfig critical{.weight = 8};
  LaneConfig high{.weight = 4};
  LaneConfig normal{.weight = 2};
  LaneConfig low{.weight = 1};
};

/// What all HTTP calls of the server share.
struct OutboundConfig {
  std::uint64_t response_bytes = 1024 * 1024;
  std::uint64_t calls = 1'024;  // of one backend or hook, running or waiting
  std::uint64_t breaker_failures = 5;
  Milliseconds breaker_time{5'000};
};

/// An HTTP service of the application.
struct EndpointConfig {
  std::string url;  // empty: there is none
  std::string secret;
  std::string secret_file;
  Milliseconds timeout{5'000};
  std::uint64_t redirects = 0;
  bool allow_private = false;  // as the target of a redirect
};

/// One HTTP backend that answers RPC calls, `rpc.<name>`.
struct RpcBackendConfig : EndpointConfig {
  std::vector<std::string> methods;
  bool idempotent = false;
};

/// One of `hooks.{connect,subscribe,publish}`.
struct HookConfig : EndpointConfig {
  HookConfig() { timeout = Milliseconds(2'000); }
  std::string on_failure = "deny";      // or "allow"
  std::vector<std::string> namespaces;  // empty: all
};

struct HooksConfig {
  HookConfig connect;
  HookConfig subscribe;
  HookConfig publish;
  std::uint64_t pending = 64;  // of one connection
};

struct SessionConfig {
  Milliseconds ttl{120'000};
  std::uint64_t parked = 100'000;
  std::uint64_t per_user = 10;
  std::uint64_t bytes = 256 * 1024;
  std::uint64_t events = 100;
};

struct HeartbeatConfig {
  Milliseconds interval{25'000};
  Milliseconds timeout{10'000};
};

struct PresenceConfig {
  Milliseconds grace{15'000};  // a lost connection's device stays present for so long
};

struct CompressionConfig {
  bool enabled = true;
  std::uint64_t threshold_bytes = 512;
  std::uint64_t level = 1;
};

struct StaticConfig {
  std::string dir;  // empty: no files are served
};

struct DebugConfig {
  bool echo = false;
  bool dev_tokens = false;  // not an option: only `tidewire dev` sets it
};

struct HistoryConfig {
  std::string url = "memory:";
  std::string sync = "batch";  // always, batch, off
  std::uint64_t queue_bytes = 64 * 1024 * 1024;
  Milliseconds meta_ttl{std::chrono::hours(24 * 30)};
};

struct BrokerConfig {
  std::string url = "memory:";
};

struct ShutdownConfig {
  Milliseconds deadline{30'000};  // after it the process ends, whatever is still open
  Milliseconds pace{5'000};       // connections are closed evenly over this time
};

struct LogConfig {
  std::string level = "info";   // debug, info, warn, error
  std::string format = "auto";  // auto, text, json
};

/// The options of one channel family. `publish`, `subscribe`, `history`, `state` and `cancel` say
/// what any authenticated user may do without a matching rule in the token; `presence` keeps a
/// member list that every subscriber may read.
struct NamespaceConfig {
  DeliveryClass delivery_class = DeliveryClass::durable;  // key `class`; of custom event types
  bool publish = false;
  bool subscribe = false;
  bool history = false;
  bool state = false;
  bool cancel = false;
  bool presence = false;
  bool join_leave = false;
  std::uint64_t presence_sample = 0;  // 0: limits.presence_members
  Milliseconds last_seen{300'000};    // who left is remembered for so long
  Milliseconds typing_timeout{6'000};
  std::uint64_t history_size = 100;
  std::uint64_t history_bytes = 1024 * 1024;
  Milliseconds history_ttl{300'000};
  Milliseconds idempotency_window{300'000};
  Milliseconds stream_timeout{60'000};
  OverflowPolicy overflow = OverflowPolicy::by_class;
  Milliseconds batch_window{0};
  std::uint64_t batch_messages = 0;  // that end a window early; 0: only its time does
  std::uint64_t batch_bytes = 0;     // the same for bytes
  Milliseconds rollup{0};
  RateLimits rates;
  std::string ack = "none";  // none, required
  Milliseconds ack_timeout{10'000};
  std::uint64_t ack_attempts = 5;
  std::uint64_t ack_window = 64;
  std::string dead_letter;  // a channel; empty: `dead:` and the channel's name
  bool receipts = false;
  /// Key `schema.<event_type>`: the text of the JSON Schema (a path was read while loading).
  std::map<std::string, std::string, std::less<>> schemas;

  [[nodiscard]] bool acks_required() const { return ack == "required"; }
};

[[nodiscard]] std::string_view to_name(OverflowPolicy policy);
[[nodiscard]] std::optional<OverflowPolicy> overflow_policy(std::string_view name);

struct Config {
  std::uint64_t shards = 0;  // 0: one per core
  ListenConfig listen;
  TlsConfig tls;
  AuthConfig auth;
  ApiConfig api;
  OriginsConfig origins;
  LimitsConfig limits;
  LanesConfig lanes;
  SessionConfig session;
  HeartbeatConfig heartbeat;
  PresenceConfig presence;
  CompressionConfig compression;
  StaticConfig static_files;  // key `static`
  DebugConfig debug;
  HistoryConfig history;
  BrokerConfig broker;
  ShutdownConfig shutdown;
  LogConfig log;
  OutboundConfig outbound;
  HooksConfig hooks;
  std::map<std::string, RpcBackendConfig, std::less<>> rpc_backends;  // keys `rpc.<name>.*`
  std::map<std::string, NamespaceConfig, std::less<>> namespaces;

  /// The options of a namespace: its own, else those of `namespace.default` when that is
  /// configured, else nullptr: the defaults, which allow nothing, count.
  [[nodiscard]] const NamespaceConfig* find_namespace(std::string_view name) const;
};

}  // namespace tidewire
