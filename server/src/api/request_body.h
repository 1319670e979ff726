#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/node.h"
#include "protocol/error.h"

namespace tidewire {

/// The JSON bodies of the server API as values. Every parser's error is invalid_message with a
/// pointer to the field; unknown fields are ignored, as in the protocol.

struct PublishBody {
  std::vector<std::string> channels;  // one, or many for a broadcast
  std::string type;
  std::string payload;  // JSON object text
  std::string key;
  std::string user_id;  // in whose name; empty: the server's own
  std::optional<Priority> priority;
};
[[nodiscard]] std::expected<PublishBody, Error> parse_publish_body(std::string_view body);
[[nodiscard]] std::expected<PublishBody, Error> parse_broadcast_body(std::string_view body);

struct HistoryBody {
  std::string channel;
  HistoryQuery query;
};
[[nodiscard]] std::expected<HistoryBody, Error> parse_history_body(std::string_view body,
                                                                   std::size_t page_max);

struct ReceiptsBody {
  std::string channel;
  std::uint64_t offset = 0;  // 0: every consumer
};
[[nodiscard]] std::expected<ReceiptsBody, Error> parse_receipts_body(std::string_view body);

[[nodiscard]] std::expected<std::string, Error> parse_channel_body(std::string_view body);

/// An event for sessions, outside every channel.
struct SendBody {
  std::string type;
  std::string payload;
  bool durable = true;  // waits for a session without a connection
};
[[nodiscard]] std::expected<SendBody, Error> parse_send_body(std::string_view body);

struct ListBody {
  std::string prefix;
  std::string user_id;
  std::size_t limit = 1'000;
};
[[nodiscard]] std::expected<ListBody, Error> parse_list_body(std::string_view body);

/// Whom an operator means: a user, one session, or one connection.
struct TargetBody {
  std::string user_id;
  std::string session_id;
  std::string connection_id;
  std::string channel;  // unsubscribe only
  std::string reason;
};
[[nodiscard]] std::expected<TargetBody, Error> parse_target_body(std::string_view body,
                                                                 bool with_channel);

/// A new lifetime for connections: by a token, or as the operator says.
struct RefreshBody {
  TargetBody target;
  std::string token;
  std::optional<std::uint64_t> expires_at_ms;
};
[[nodiscard]] std::expected<RefreshBody, Error> parse_refresh_body(std::string_view body);

/// Several commands in one request.
struct BatchBody {
  struct Command {
    std::string endpoint;
    std::string body;
  };
  std::vector<Command> commands;
};
[[nodiscard]] std::expected<BatchBody, Error> parse_batch_body(std::string_view body);

/// A call of a method. The limits are those of the protocol's `rpc`.
struct RpcBody {
  std::string method;
  std::string params;  // JSON text
  std::string channel;
  std::string user_id;  // in whose name; empty: the server's own
  std::int64_t timeout_ms = 0;
};
[[nodiscard]] std::expected<RpcBody, Error> parse_rpc_body(std::string_view body);

}  // namespace tidewire
