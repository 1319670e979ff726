#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.h"
#include "protocol/stream_position.h"

namespace tidewire {

/// The payloads of commands as plain values, and their parsers. A parser takes the payload's JSON
/// text (Envelope::payload); its error is invalid_message with a pointer such as `/payload/token`.
/// protocol/schemas/ says the same as JSON Schema. Raw JSON members are views into the payload.

inline constexpr std::size_t kTokenBytesMax = 8192;
inline constexpr std::size_t kSessionIdBytesMax = 64;
inline constexpr std::size_t kTypingSessionBytesMax = 128;
inline constexpr std::size_t kClientBytesMax = 128;
inline constexpr std::size_t kPositionsMax = 1'000;
inline constexpr std::size_t kEpochTextBytesMax = 64;
inline constexpr std::size_t kMethodBytesMax = 128;
inline constexpr std::size_t kMethodsMax = 64;
inline constexpr std::size_t kStateKeyBytesMax = 128;
inline constexpr std::size_t kMessageIdBytesMax = 128;
inline constexpr std::size_t kPartIdBytesMax = 128;
inline constexpr std::size_t kPartKindBytesMax = 64;
inline constexpr std::size_t kPartNameBytesMax = 128;
inline constexpr std::size_t kReasonBytesMax = 256;
inline constexpr std::uint64_t kHistoryLimitMax = 1000;
inline constexpr std::uint64_t kRpcTimeoutMsMax = 3'600'000;
inline constexpr std::uint64_t kStateTtlMsMax = 31'536'000'000;  // a year
inline constexpr std::uint64_t kRollupMsMax = 10'000;
inline constexpr std::uint64_t kBatchMessagesMax = 1000;
inline constexpr std::uint64_t kBatchBytesMin = 1024;
inline constexpr std::uint64_t kBatchBytesMax = 262'144;
inline constexpr std::uint64_t kBatchDelayMsMax = 1000;

/// How large batches the client takes, and how long messages may wait for others.
struct BatchWish {
  std::uint64_t messages = 128;
  std::uint64_t bytes = 65'536;
  std::uint64_t delay_ms = 0;
};

struct AuthCommand {
  std::string token;
  std::string session_id;
  std::string client;
  std::optional<BatchWish> batch;  // absent: the server sends no batches
  std::vector<std::pair<std::string, StreamPosition>> positions;  // by channel
};

struct SubscribeCommand {
  /// How growing messages are wanted: `live`, `conflate:<ms>` or `final`.
  enum class Stream : std::uint8_t { live, conflate, final };

  std::optional<StreamPosition> since;
  std::uint64_t history = 0;
  std::string token;
  Stream stream = Stream::live;
  std::uint64_t conflate_ms = 0;
  std::optional<std::uint64_t> rollup_ms;  // absent: as the namespace says
};

struct VisibilityCommand {
  bool hidden = false;
};

struct PresenceCommand {
  bool last_seen = false;
};

struct PresenceUpdateCommand {
  std::string_view info;  // a raw JSON object
};

struct AckCommand {
  std::uint64_t offset = 0;
  std::string epoch;
  std::optional<std::uint64_t> read;  // a person has read up to here
};

struct ReceiptsCommand {
  std::uint64_t offset = 0;  // 0: every consumer
};

struct HistoryCommand {
  std::optional<StreamPosition> since;
  std::uint64_t limit = 0;
  bool reverse = false;
};

struct RpcCommand {
  std::string method;
  std::string_view params = "null";  // raw JSON
  std::uint64_t timeout_ms = 0;      // 0: not said
};

/// A caller names the call it gives up by the call's own `id`.
struct RpcCancelCommand {
  std::string id;
};

struct RpcServeCommand {
  std::vector<std::string> methods;
  std::vector<std::string> idempotent;  // those of `methods` that may be asked twice
};

/// Exactly one of an answer and `error_name` is there; an answer is a result, a stream or both.
struct RpcResponseCommand {
  std::string request_id;
  std::string_view result;  // raw JSON, empty when the method failed
  std::string message_id;   // the message stream that the answer goes on as
  std::string error_name;
  std::string error_message;
};

/// A message in pieces.
struct TransferBeginCommand {
  std::string transfer_id;
  std::uint64_t size = 0;  // bytes of the whole message
};

struct TransferChunkCommand {
  std::string transfer_id;
  std::uint64_t index = 0;  // from 1
  std::string data;
};

struct TransferEndCommand {
  std::string transfer_id;
};

struct StateGetCommand {
  std::string key;  // empty: all keys
};

struct StateSetCommand {
  std::string key;
  std::string_view value;  // raw JSON
  std::optional<std::uint64_t> if_version;
  std::uint64_t ttl_ms = 0;  // 0: it stays
};

struct StateDeleteCommand {
  std::string key;
  std::optional<std::uint64_t> if_version;
};

struct StreamOpenCommand {
  std::string message_id;
  std::uint64_t generation = 0;
};

struct StreamStatusCommand {
  std::string message_id;  // empty: all of the channel
};

struct StreamCancelCommand {
  std::string message_id;
  std::string reason;
};

/// `timestamp` is kept as the client wrote it, to be repeated in the answer.
struct HeartbeatCommand {
  std::string_view timestamp;  // raw JSON number
  bool is_answer = false;      // it has a `serverTime`
};

[[nodiscard]] std::expected<AuthCommand, Error> parse_auth(std::string_view payload);
[[nodiscard]] std::expected<SubscribeCommand, Error> parse_subscribe(std::string_view payload);
[[nodiscard]] std::expected<VisibilityCommand, Error> parse_visibility(std::string_view payload);
[[nodiscard]] std::expected<AckCommand, Error> parse_ack(std::string_view payload);
[[nodiscard]] std::expected<PresenceCommand, Error> parse_presence(std::string_view payload);
[[nodiscard]] std::expected<PresenceUpdateCommand, Error> parse_presence_update(
    std::string_view payload);
[[nodiscard]] std::expected<ReceiptsCommand, Error> parse_receipts(std::string_view payload);
[[nodiscard]] std::expected<HistoryCommand, Error> parse_history(std::string_view payload);
[[nodiscard]] std::expected<RpcCommand, Error> parse_rpc(std::string_view payload);
[[nodiscard]] std::expected<RpcCancelCommand, Error> parse_rpc_cancel(std::string_view payload);
[[nodiscard]] std::expected<RpcServeCommand, Error> parse_rpc_serve(std::string_view payload);
[[nodiscard]] std::expected<RpcResponseCommand, Error> parse_rpc_response(std::string_view payload);
/// The same without `requestId`: what an HTTP backend answers.
[[nodiscard]] std::expected<RpcResponseCommand, Error> parse_rpc_answer(std::string_view body);
[[nodiscard]] std::expected<TransferBeginCommand, Error> parse_transfer_begin(
    std::string_view payload);
[[nodiscard]] std::expected<TransferChunkCommand, Error> parse_transfer_chunk(
    std::string_view payload);
[[nodiscard]] std::expected<TransferEndCommand, Error> parse_transfer_end(std::string_view payload);
[[nodiscard]] std::expected<StateGetCommand, Error> parse_state_get(std::string_view payload);
[[nodiscard]] std::expected<StateSetCommand, Error> parse_state_set(std::string_view payload);
[[nodiscard]] std::expected<StateDeleteCommand, Error> parse_state_delete(std::string_view payload);
[[nodiscard]] std::expected<StreamOpenCommand, Error> parse_stream_open(std::string_view payload);
[[nodiscard]] std::expected<StreamStatusCommand, Error> parse_stream_status(
    std::string_view payload);
[[nodiscard]] std::expected<StreamCancelCommand, Error> parse_stream_cancel(
    std::string_view payload);
[[nodiscard]] std::expected<HeartbeatCommand, Error> parse_heartbeat(std::string_view payload);

}  // namespace tidewire
