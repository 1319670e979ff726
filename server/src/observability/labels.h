#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "observability/counter.h"

namespace tidewire {

/// The values that metric labels can take. Every set is closed, so the number of series is bounded
/// whatever clients send: what is not in a set counts as its last value (`custom`, `other`).

template <typename Label>
struct LabelValues;  // one specialisation a set: `text[i]` is what value i looks like in /metrics

enum class TransportLabel : std::uint8_t { plain, tls };
template <>
struct LabelValues<TransportLabel> {
  static constexpr auto text = std::to_array<std::string_view>({"plain", "tls"});
};

/// In the order of ClientKind (protocol/codes.gen.h), so that one casts to the other.
enum class KindLabel : std::uint8_t { web, mobile, server, agent, cli, unknown };
template <>
struct LabelValues<KindLabel> {
  static constexpr auto text =
      std::to_array<std::string_view>({"web", "mobile", "server", "agent", "cli", "unknown"});
};

/// The types of the contract in either direction; every other type is `custom`.
enum class TypeLabel : std::uint8_t {
  auth,
  welcome,
  subscribe,
  subscribed,
  unsubscribe,
  unsubscribed,
  ack,
  error,
  history,
  presence,
  presence_join,
  presence_leave,
  presence_update,
  presence_count,
  chat_message,
  chat_message_chunk,
  agent_status_update,
  user_typing,
  connection_heartbeat,
  stream_cancel,
  receipt,
  receipts,
  receipt_changed,
  dead_letter,
  goaway,
  rpc,
  state,
  custom
};
template <>
struct LabelValues<TypeLabel> {
  static constexpr auto text = std::to_array<std::string_view>({"auth",
                                                                "welcome",
                                                                "subscribe",
                                                                "subscribed",
                                                                "unsubscribe",
                                                                "unsubscribed",
                                                                "ack",
                                                                "error",
                                                                "history",
                                                                "presence",
                                                                "presence_join",
                                                                "presence_leave",
                                                                "presence_update",
                                                                "presence_count",
                                                                "chat_message",
                                                                "chat_message_chunk",
                                                                "agent_status_update",
                                                                "user_typing",
                                                                "connection_heartbeat",
                                                                "stream_cancel",
                                                                "receipt",
                                                                "receipts",
                                                                "receipt_changed",
                                                                "dead_letter",
                                                                "goaway",
                                                                "rpc",
                                                                "state",
                                                                "custom"});
};
[[nodiscard]] TypeLabel type_label(std::string_view type);

/// How a connection ended: the close code, `none` when the peer vanished without a close frame,
/// `application` for another code of 3000-4999 that a client chose, `other` for the rest.
enum class CloseLabel : std::uint8_t {};
template <>
struct LabelValues<CloseLabel> {
  static constexpr auto text = std::to_array<std::string_view>(
      {"1000", "1001", "1002", "1003", "1007",        "1008", "1009", "1011",
       "4001", "4008", "4010", "4012", "4013",        "4029", "4400", "4401",
       "4403", "4408", "4409", "4410", "application", "none", "other"});
};
[[nodiscard]] CloseLabel close_label(std::uint16_t code);

enum class SideLabel : std::uint8_t { server, client };
template <>
struct LabelValues<SideLabel> {
  static constexpr auto text = std::to_array<std::string_view>({"server", "client"});
};

enum class HandshakeLabel : std::uint8_t {
  accepted,
  bad_request,
  unauthorized,
  forbidden,
  not_found,
  rate_limited,
  overloaded,
  timeout,
  tls_failed
};
template <>
struct LabelValues<HandshakeLabel> {
  static constexpr auto text = std::to_array<std::string_view>(
      {"accepted", "bad_request", "unauthorized", "forbidden", "not_found", "rate_limited",
       "overloaded", "timeout", "tls_failed"});
};

/// In the order of Priority (protocol/codes.gen.h), so that one casts to the other.
enum class LaneLabel : std::uint8_t { critical, high, normal, low };
template <>
struct LabelValues<LaneLabel> {
  static constexpr auto text =
      std::to_array<std::string_view>({"critical", "high", "normal", "low"});
};

/// Which limit of a send queue was reached.
enum class LimitLabel : std::uint8_t { queue_bytes, queue_messages, lane_bytes };
template <>
struct LabelValues<LimitLabel> {
  static constexpr auto text =
      std::to_array<std::string_view>({"queue_bytes", "queue_messages", "lane_bytes"});
};

enum class DropLabel : std::uint8_t {
  ephemeral,
  conflated,
  folded,
  overflow,
  oldest,
  spilled,
  unsubscribed
};
template <>
struct LabelValues<DropLabel> {
  static constexpr auto text = std::to_array<std::string_view>(
      {"ephemeral", "conflated", "folded", "overflow", "oldest", "spilled", "unsubscribed"});
};

enum class RecoveryLabel : std::uint8_t { recovered, not_recovered };
template <>
struct LabelValues<RecoveryLabel> {
  static constexpr auto text = std::to_array<std::string_view>({"recovered", "not_recovered"});
};

/// What became of a consumer's `ack`: it moved the cursor, said what was known, or was of another
/// epoch or beyond what was sent.
enum class AckLabel : std::uint8_t { moved, repeated, stale_epoch, ahead };
template <>
struct LabelValues<AckLabel> {
  static constexpr auto text =
      std::to_array<std::string_view>({"moved", "repeated", "stale_epoch", "ahead"});
};

/// How a publisher's wait for receipts ended.
enum class ReceiptLabel : std::uint8_t { complete, timeout, refused };
template <>
struct LabelValues<ReceiptLabel> {
  static constexpr auto text = std::to_array<std::string_view>({"complete", "timeout", "refused"});
};

enum class AuthFailureLabel : std::uint8_t {
  missing,
  malformed,
  bad_signature,
  unknown_key,
  expired,
  claims,
  session_mismatch,
  timeout
};
template <>
struct LabelValues<AuthFailureLabel> {
  static constexpr auto text =
      std::to_array<std::string_view>({"missing", "malformed", "bad_signature", "unknown_key",
                                       "expired", "claims", "session_mismatch", "timeout"});
};

enum class SessionLabel : std::uint8_t { parked, resumed, unknown, expired, refused };
template <>
struct LabelValues<SessionLabel> {
  static constexpr auto text =
      std::to_array<std::string_view>({"parked", "resumed", "unknown", "expired", "refused"});
};

/// What a rate limit counts.
enum class RateLabel : std::uint8_t {
  connects,
  messages,
  bytes,
  subscribes,
  publishes,
  rpcs,
  presence_updates
};
template <>
struct LabelValues<RateLabel> {
  static constexpr auto text = std::to_array<std::string_view>(
      {"connects", "messages", "bytes", "subscribes", "publishes", "rpcs", "presence_updates"});
};

/// Whose limit it is.
enum class RateScope : std::uint8_t { connection, user, address, name_space, api };
template <>
struct LabelValues<RateScope> {
  static constexpr auto text =
      std::to_array<std::string_view>({"connection", "user", "address", "namespace", "api"});
};

enum class EndpointLabel : std::uint8_t {
  publish,
  broadcast,
  batch,
  history,
  presence,
  presence_stats,
  channels,
  connections,
  sessions,
  users,
  disconnect,
  subscribe,
  unsubscribe,
  refresh,
  state,
  receipts,
  streams,
  rpc,
  other
};
template <>
struct LabelValues<EndpointLabel> {
  static constexpr auto text = std::to_array<std::string_view>(
      {"publish", "broadcast", "batch", "history", "presence", "presence_stats", "channels",
       "connections", "sessions", "users", "disconnect", "subscribe", "unsubscribe", "refresh",
       "state", "receipts", "streams", "rpc", "other"});
};
/// Takes what follows /api/v1/; its first part counts.
[[nodiscard]] EndpointLabel endpoint_label(std::string_view name);

enum class StatusLabel : std::uint8_t { success, redirect, client_error, server_error };
template <>
struct LabelValues<StatusLabel> {
  static constexpr auto text = std::to_array<std::string_view>({"2xx", "3xx", "4xx", "5xx"});
};
[[nodiscard]] StatusLabel status_label(unsigned http_status);

/// How a call of an HTTP backend ended; the failures in the order of outbound::HttpFailure.
enum class CallLabel : std::uint8_t {
  success,
  redirect,
  client_error,
  server_error,
  unreachable,
  timeout,
  refused,
  too_large,
  breaker_open,
  overloaded,
  cancelled,
};
template <>
struct LabelValues<CallLabel> {
  static constexpr auto text = std::to_array<std::string_view>(
      {"2xx", "3xx", "4xx", "5xx", "unreachable", "timeout", "refused", "too_large", "breaker_open",
       "overloaded", "cancelled"});
};

/// One metric for each value of a label: `metrics.drops[DropLabel::ephemeral].add()`.
template <typename Label, typename Metric = Counter>
class ByLabel {
 public:
  static constexpr std::size_t kSize = LabelValues<Label>::text.size();

  [[nodiscard]] Metric& operator[](Label label) { return metrics_[std::to_underlying(label)]; }
  [[nodiscard]] const Metric& operator[](Label label) const {
    return metrics_[std::to_underlying(label)];
  }

 private:
  std::array<Metric, kSize> metrics_;
};

}  // namespace tidewire
