#include "config/option_table.h"

#include <algorithm>
#include <array>

#include "config/units.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kHour = 3600 * kSecond;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kMillion = 1'000'000;

constexpr auto kMemoryUrl = std::to_array<std::string_view>({"memory:"});
constexpr auto kLogLevels = std::to_array<std::string_view>({"debug", "info", "warn", "error"});
constexpr auto kLogFormats = std::to_array<std::string_view>({"auto", "text", "json"});
constexpr auto kClasses =
    std::to_array<std::string_view>({"durable", "stream", "latest", "ephemeral"});

#define AT(member) [](Config& c) -> OptionTarget { return &c.member; }
#define NS(member) [](NamespaceConfig& n) -> OptionTarget { return &n.member; }

constexpr Option kOptions[] = {
    {.path = "shards",
     .kind = integer,
     .help = "Event loops, one thread each; 0 is one per core.",
     .target = AT(shards),
     .max = 1024},

    {.path = "listen.public",
     .kind = address,
     .help = "Where clients connect: WebSocket and static files. Port 0 lets the system choose.",
     .target = AT(listen.public_address)},
    {.path = "listen.internal",
     .kind = address,
     .help = "Where the server API, health and metrics are. Keep it off the internet.",
     .target = AT(listen.internal_address)},

    {.path = "tls.cert_file",
     .kind = file,
     .help = "Certificate chain (PEM) of the public listener; set together with tls.key_file.",
     .target = AT(tls.cert_file),
     .reloadable = true},
    {.path = "tls.key_file",
     .kind = file,
     .help = "Private key (PEM) of tls.cert_file.",
     .target = AT(tls.key_file),
     .reloadable = true},

    {.path = "auth.hmac_secret",
     .kind = text,
     .help = "Secret of the HS256 tokens, at least 32 bytes.",
     .target = AT(auth.hmac_secret),
     .secret = true},
    {.path = "auth.hmac_secret_file",
     .kind = file,
     .help = "File that holds auth.hmac_secret; a trailing newline is not part of it.",
     .target = AT(auth.hmac_secret_file)},
    {.path = "auth.keys",
     .kind = keys,
     .help = "Verification keys, a list of tables {alg, kid, secret | secret_file | public_key | "
             "public_key_file}; several make rotation possible.",
     .target = AT(auth.keys),
     .secret = true},
    {.path = "auth.issuer",
     .kind = text,
     .help = "What `iss` must be; empty: not checked.",
     .target = AT(auth.issuer)},
    {.path = "auth.audience",
     .kind = text,
     .help = "What `aud` must be or contain; empty: not checked.",
     .target = AT(auth.audience)},
    {.path = "auth.leeway",
     .kind = duration,
     .help = "How far the clocks of issuer and server may differ.",
     .target = AT(auth.leeway),
     .max = 10 * 60 * kSecond},
    {.path = "auth.timeout",
     .kind = duration,
     .help = "Time for `auth` after a connection without a token; then close 4408.",
     .target = AT(auth.timeout),
     .min = 10,
     .max = kHour},
    {.path = "auth.grace",
     .kind = duration,
     .help = "Time to refresh an expired token; then close 4401.",
     .target = AT(auth.grace),
     .max = kHour},
    {.path = "auth.allow_query_token",
     .kind = boolean,
     .help = "Accept the token as ?token=; it then shows up in the logs of proxies.",
     .target = AT(auth.allow_query_token)},

    {.path = "api.key",
     .kind = text,
     .help = "Bearer key of the server API; empty: the API answers 401.",
     .target = AT(api.key),
     .secret = true},
    {.path = "api.key_file",
     .kind = file,
     .help = "File that holds api.key.",
     .target = AT(api.key_file)},

    {.path = "origins.allowed",
     .kind = list,
     .help = "Web origins that may connect: https://app.example.com, https://*.example.com, or * "
             "for any.",
     .target = AT(origins.allowed)},

    {.path = "limits.message_bytes",
     .kind = bytes,
     .help = "Largest message from a client, after decompression; then close 1009.",
     .target = AT(limits.message_bytes),
     .min = 1 * kKiB,
     .max = 64 * kMiB},
    {.path = "limits.header_bytes",
     .kind = bytes,
     .help = "Largest HTTP header block; then 431.",
     .target = AT(limits.header_bytes),
     .min = 1 * kKiB,
     .max = 1 * kMiB},
    {.path = "limits.headers",
     .kind = integer,
     .help = "Most HTTP header fields; then 431.",
     .target = AT(limits.headers),
     .min = 8,
     .max = 1000},
    {.path = "limits.header_timeout",
     .kind = duration,
     .help = "Time to send the header block, TLS handshake included; then 408.",
     .target = AT(limits.header_timeout),
     .min = 100,
     .max = 10 * 60 * kSecond},
    {.path = "limits.body_bytes",
     .kind = bytes,
     .help = "Largest body of a server API request; then 413.",
     .target = AT(limits.body_bytes),
     .min = 1 * kKiB,
     .max = 64 * kMiB},
    {.path = "limits.batch_messages",
     .kind = integer,
     .help = "Most messages in one batch; then error message_too_large.",
     .target = AT(limits.batch_messages),
     .min = 1,
     .max = 10'000},
    {.path = "limits.bad_messages",
     .kind = integer,
     .help = "Bad messages in a row that close with 4400.",
     .target = AT(limits.bad_messages),
     .min = 1,
     .max = 1000},
    {.path = "limits.connections",
     .kind = integer,
     .help = "Most connections of this process; then 503.",
     .target = AT(limits.connections),
     .max = 10 * kMillion,
     .zero_is_unlimited = true},
    {.path = "limits.connections_per_user",
     .kind = integer,
     .help = "Most connections of one user; the oldest is closed with 4409.",
     .target = AT(limits.connections_per_user),
     .max = kMillion,
     .zero_is_unlimited = true},
    {.path = "limits.channels_per_connection",
     .kind = integer,
     .help = "Most subscriptions of one connection; then error limit_exceeded.",
     .target = AT(limits.channels_per_connection),
     .min = 1,
     .max = 100'000},
    {.path = "limits.connects_per_address",
     .kind = integer,
     .help = "New connections a second from one address; then 429.",
     .target = AT(limits.connects_per_address),
     .max = kMillion,
     .zero_is_unlimited = true},
    {.path = "limits.connects_per_address_burst",
     .kind = integer,
     .help = "How many of them may come at once.",
     .target = AT(limits.connects_per_address_burst),
     .min = 1,
     .max = 10 * kMillion},
    {.path = "limits.messages_per_second",
     .kind = integer,
     .help = "Messages a second from one connection; then error rate_limited.",
     .target = AT(limits.messages_per_second),
     .max = kMillion,
     .zero_is_unlimited = true},
    {.path = "limits.messages_burst",
     .kind = integer,
     .help = "How many of them may come at once.",
     .target = AT(limits.messages_burst),
     .min = 1,
     .max = 10 * kMillion},
    {.path = "limits.bytes_per_second",
     .kind = bytes,
     .help = "Bytes a second from one connection; then error rate_limited.",
     .target = AT(limits.bytes_per_second),
     .max = 10 * kGiB,
     .zero_is_unlimited = true},
    {.path = "limits.bytes_burst",
     .kind = bytes,
     .help = "How many of them may come at once.",
     .target = AT(limits.bytes_burst),
     .min = 1 * kKiB,
     .max = 10 * kGiB},
    {.path = "limits.queue_bytes",
     .kind = bytes,
     .help = "Bytes that may wait for one slow connection; then close 4008.",
     .target = AT(limits.queue_bytes),
     .min = 16 * kKiB,
     .max = 1 * kGiB},
    {.path = "limits.queue_messages",
     .kind = integer,
     .help = "Messages that may wait for one slow connection; then close 4008.",
     .target = AT(limits.queue_messages),
     .min = 16,
     .max = kMillion},
    {.path = "limits.channels",
     .kind = integer,
     .help = "Most channels held in memory; then error limit_exceeded.",
     .target = AT(limits.channels),
     .min = 1,
     .max = 100 * kMillion},
    {.path = "limits.history_page",
     .kind = integer,
     .help = "Most publications in one answer to `history` or `subscribe`.",
     .target = AT(limits.history_page),
     .min = 1,
     .max = 10'000},
    {.path = "limits.history_bytes",
     .kind = bytes,
     .help = "Bytes of history of all channels; beyond it the oldest go.",
     .target = AT(limits.history_bytes),
     .min = 1 * kMiB,
     .max = 1024 * kGiB},
    {.path = "limits.stream_bytes",
     .kind = bytes,
     .help = "Largest text of one growing message; then error message_too_large.",
     .target = AT(limits.stream_bytes),
     .min = 1 * kKiB,
     .max = 64 * kMiB},
    {.path = "limits.streams_per_channel",
     .kind = integer,
     .help = "Most messages that grow at the same time in one channel; then error "
             "limit_exceeded.",
     .target = AT(limits.streams_per_channel),
     .min = 1,
     .max = 100'000},
    {.path = "limits.presence_members",
     .kind = integer,
     .help = "Most users in the presence list of one channel.",
     .target = AT(limits.presence_members),
     .min = 1,
     .max = 100'000},
    {.path = "limits.state_keys",
     .kind = integer,
     .help = "Most keys in the shared state of one channel; then error limit_exceeded.",
     .target = AT(limits.state_keys),
     .min = 1,
     .max = 100'000},
    {.path = "limits.state_value_bytes",
     .kind = bytes,
     .help = "Largest value of a key of the shared state; then error limit_exceeded.",
     .target = AT(limits.state_value_bytes),
     .min = 16,
     .max = 64 * kMiB},
    {.path = "limits.state_bytes",
     .kind = bytes,
     .help = "Keys and values of the shared state of one channel; then error limit_exceeded.",
     .target = AT(limits.state_bytes),
     .min = 16,
     .max = 1 * kGiB},
    {.path = "limits.rpc_calls",
     .kind = integer,
     .help = "Most calls of one connection that wait for an answer; then error limit_exceeded.",
     .target = AT(limits.rpc_calls),
     .min = 1,
     .max = 100'000},
    {.path = "limits.rpc_timeout",
     .kind = duration,
     .help = "Time for a worker to answer a call; then error rpc_timeout.",
     .target = AT(limits.rpc_timeout),
     .min = 100,
     .max = kHour},

    {.path = "heartbeat.interval",
     .kind = duration,
     .help = "How often the server sends connection_heartbeat.",
     .target = AT(heartbeat.interval),
     .min = 100,
     .max = kHour},
    {.path = "heartbeat.timeout",
     .kind = duration,
     .help = "Time for any traffic after it; then close 4010.",
     .target = AT(heartbeat.timeout),
     .min = 100,
     .max = kHour},

    {.path = "compression.enabled",
     .kind = boolean,
     .help = "Offer permessage-deflate to clients that ask for it.",
     .target = AT(compression.enabled)},
    {.path = "compression.threshold_bytes",
     .kind = bytes,
     .help = "Smaller messages are sent uncompressed.",
     .target = AT(compression.threshold_bytes),
     .max = 64 * kMiB},
    {.path = "compression.level",
     .kind = integer,
     .help = "zlib level, 1 (fast) to 9 (small).",
     .target = AT(compression.level),
     .min = 1,
     .max = 9},

    {.path = "static.dir",
     .kind = directory,
     .help = "Folder of files to serve at /; empty: none.",
     .target = AT(static_files.dir)},

    {.path = "debug.echo",
     .kind = boolean,
     .help = "Serve /debug/echo, a bare WebSocket echo without authentication, for tests.",
     .target = AT(debug.echo)},

    {.path = "history.url",
     .kind = url,
     .help = "Where history is kept.",
     .target = AT(history.url),
     .choices = kMemoryUrl},
    {.path = "broker.url",
     .kind = url,
     .help = "How several servers share their channels.",
     .target = AT(broker.url),
     .choices = kMemoryUrl},

    {.path = "shutdown.deadline",
     .kind = duration,
     .help = "After it the process ends, whatever is still open.",
     .target = AT(shutdown.deadline),
     .max = kHour},
    {.path = "shutdown.pace",
     .kind = duration,
     .help = "Connections are closed evenly over this time.",
     .target = AT(shutdown.pace),
     .max = kHour},

    {.path = "log.level",
     .kind = choice,
     .help = "The least important lines that are written.",
     .target = AT(log.level),
     .choices = kLogLevels},
    {.path = "log.format",
     .kind = choice,
     .help = "auto is text on a terminal and JSON lines elsewhere.",
     .target = AT(log.format),
     .choices = kLogFormats},
};

constexpr Option kNamespaceOptions[] = {
    {.path = "class",
     .kind = choice,
     .help = "Delivery class of the event types that are not built in.",
     .namespace_target = NS(delivery_class),
     .choices = kClasses},
    {.path = "publish",
     .kind = boolean,
     .help = "Any authenticated user may publish.",
     .namespace_target = NS(publish)},
    {.path = "subscribe",
     .kind = boolean,
     .help = "Any authenticated user may subscribe.",
     .namespace_target = NS(subscribe)},
    {.path = "history",
     .kind = boolean,
     .help = "Any authenticated user may read the history.",
     .namespace_target = NS(history)},
    {.path = "cancel",
     .kind = boolean,
     .help = "Any authenticated user may cancel a growing message.",
     .namespace_target = NS(cancel)},
    {.path = "presence",
     .kind = boolean,
     .help = "Keep the list of members; every subscriber may read it.",
     .namespace_target = NS(presence)},
    {.path = "join_leave",
     .kind = boolean,
     .help = "Send presence_join and presence_leave to the subscribers; needs presence.",
     .namespace_target = NS(join_leave)},
    {.path = "history_size",
     .kind = integer,
     .help = "Publications kept a channel; 0 keeps none, and nothing can be recovered.",
     .namespace_target = NS(history_size),
     .max = 1'000'000},
    {.path = "history_bytes",
     .kind = bytes,
     .help = "Bytes of history kept a channel.",
     .namespace_target = NS(history_bytes),
     .min = 1 * kKiB,
     .max = 10 * kGiB},
    {.path = "history_ttl",
     .kind = duration,
     .help = "How long a publication is kept.",
     .namespace_target = NS(history_ttl),
     .min = 100,
     .max = 365 * kDay},
    {.path = "idempotency_window",
     .kind = duration,
     .help = "How long the `key` of a publish is remembered.",
     .namespace_target = NS(idempotency_window),
     .max = kDay},
    {.path = "stream_timeout",
     .kind = duration,
     .help = "A growing message without a new piece for so long is interrupted.",
     .namespace_target = NS(stream_timeout),
     .min = 100,
     .max = kDay},
    {.path = "batch_window",
     .kind = duration,
     .help = "Collect deliveries for so long before they are sent; 0 sends at the end of each "
             "loop turn.",
     .namespace_target = NS(batch_window),
     .max = 10 * kSecond},
};

#undef AT
#undef NS

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string join_quoted(std::span<const std::string_view> values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i + 1 == values.size() ? " or " : ", ";
    out += quoted(values[i]);
  }
  return out;
}

/// A TOML basic string. (toml.io v1.0.0, String)
std::string toml_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

struct Formatter {
  const Option& option;

  std::string operator()(const std::string* value) const {
    return option.secret && !value->empty() ? "\"(set)\"" : toml_string(*value);
  }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const std::uint64_t* value) const {
    if (option.kind == integer) return std::to_string(*value);
    const std::string text = format_bytes(*value);
    return text.ends_with('B') ? quoted(text) : text;
  }
  std::string operator()(const Milliseconds* value) const {
    const std::string text = format_duration(*value);
    return text == "0" ? text : quoted(text);
  }
  std::string operator()(const DeliveryClass* value) const { return quoted(to_name(*value)); }
  std::string operator()(const std::vector<std::string>* values) const {
    std::string out = "[";
    for (const std::string& value : *values)
      out += (out.size() > 1 ? ", " : "") + toml_string(value);
    return out += ']';
  }
  std::string operator()(const std::vector<AuthKeyConfig>* values) const {
    std::string out = "[";
    for (const AuthKeyConfig& key : *values) {
      out += out.size() > 1 ? ", " : "";
      out += "{alg = " + toml_string(key.alg) + ", kid = " + toml_string(key.kid);
      out += key.secret.empty() ? ", public_key = \"(set)\"}" : ", secret = \"(set)\"}";
    }
    return out += ']';
  }
};

std::string describe_range(const Option& option, std::string_view noun,
                           std::string (*format)(std::uint64_t)) {
  std::string out = std::string(noun) + " from " + format(option.min) + " to " + format(option.max);
  if (option.zero_is_unlimited) out += " (0: no limit)";
  return out;
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }
std::span<const Option> namespace_option_table() { return kNamespaceOptions; }

const Option* find_option(std::string_view path) {
  const auto found = std::ranges::find(kOptions, path, &Option::path);
  return found == std::end(kOptions) ? nullptr : found;
}

const Option* find_namespace_option(std::string_view name) {
  const auto found = std::ranges::find(kNamespaceOptions, name, &Option::path);
  return found == std::end(kNamespaceOptions) ? nullptr : found;
}

std::string environment_name(std::string_view path) {
  std::string out = "TIDEWIRE_";
  for (const char c : path) {
    if (c == '.' || c == '-')
      out += '_';
    else
      out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

std::string format_option(const Option& option, Config& config) {
  return std::visit(Formatter{option}, option.target(config));
}

std::string format_option(const Option& option, NamespaceConfig& config) {
  return std::visit(Formatter{option}, option.namespace_target(config));
}

std::string describe_values(const Option& option) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  const auto time = [](std::uint64_t value) {
    return format_duration(Milliseconds{static_cast<std::int64_t>(value)});
  };
  switch (option.kind) {
    case text:
      return "a text";
    case boolean:
      return "true or false";
    case integer:
      return describe_range(option, "an integer", number);
    case bytes:
      return describe_range(option, "a size", format_bytes) + ", such as \"64KiB\"";
    case duration:
      return describe_range(option, "a duration", time) + ", such as \"5s\"";
    case address:
      return "host:port, such as \"127.0.0.1:8000\" or \"[::1]:8000\"";
    case url:
      return join_quoted(option.choices);
    case file:
      return "the path of a readable file";
    case directory:
      return "the path of a folder";
    case choice:
      return join_quoted(option.choices);
    case list:
      return "a list of texts";
    case keys:
      return "a list of tables with alg and a key";
  }
  return {};
}

}  // namespace tidewire
