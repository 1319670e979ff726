#pragma once

#include <string>

#include "outbound/http_caller.h"
#include "rpc/rpc_call.h"

namespace tidewire {

/// The body that an HTTP backend gets for a call: `{requestId, method, params, caller, channel?,
/// timeoutMs, attempt?}` (docs/mechanisms/rpc.md).
[[nodiscard]] std::string backend_request_json(const RpcCall& call,
                                               const RpcAssignment& assignment);

/// What a backend's answer means for the caller. Errors: rpc_failed when it answered with an error
/// or with something that is no answer, rpc_timeout, overloaded, unavailable.
[[nodiscard]] RpcOutcome outcome_of(const RpcCall& call, outbound::HttpResult result);

/// What a worker or a backend said, for the caller. A stream needs a channel to grow in.
struct RpcResponse {
  std::string request_id;
  std::string result_json;
  std::string message_id;  // the answer goes on as this message stream
  std::string error_name;  // not empty: the method failed
  std::string error_message;
};
[[nodiscard]] RpcOutcome outcome_of(const RpcCall& call, RpcResponse response);

}  // namespace tidewire
