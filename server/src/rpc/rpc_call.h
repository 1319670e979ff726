#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "hub/shard_mesh.h"
#include "protocol/error.h"

namespace tidewire {

inline constexpr ShardIndex kHomeShard = 0;  // keeps the calls and transfers of all shards

/// A connection and the shard that it lives on.
struct RpcAddress {
  ShardIndex shard = 0;
  std::string connection_id;  // empty: the server API
};

/// Who calls, as whoever answers gets to know it.
struct RpcIdentity {
  std::string user_id;
  std::string session_id;
  std::string client;
};

/// A method that a worker offers.
struct RpcMethod {
  std::string name;
  bool idempotent = false;  // may be asked again of another worker when this one is lost
};

/// What a method answered. With a `message_id` the answer goes on as that message stream.
struct RpcAnswer {
  std::string result_json;
  std::string message_id;
};
using RpcOutcome = std::expected<RpcAnswer, Error>;

/// A call that waits for its answer: whom to tell, and how.
struct RpcCall {
  RpcAddress caller;
  std::string reply_id;  // the `id` of the caller's message
  std::string channel;
  std::string method;
  std::string params_json;
  RpcIdentity from;
  std::int64_t timeout_ms = 0;  // 0: the server's own; never more than that
  /// Runs on the caller's shard; empty: the caller is a session.
  std::move_only_function<void(RpcOutcome)> reply;
};

/// Who has to answer a call, under which name, and until when.
struct RpcAssignment {
  std::string request_id;
  RpcAddress worker;
  std::optional<std::size_t> backend;  // its place in the list of backends, instead of a worker
  std::string params_json;
  std::int64_t timeout_ms = 0;  // what is left of the call's time
  std::uint32_t attempt = 1;    // 2: another worker was lost with it
};

}  // namespace tidewire
