#include "session/rpc_backend.h"

#include <utility>

#include "protocol/commands.h"
#include "protocol/json_writer.h"
#include "ws/utf8.h"

namespace tidewire {
namespace {

Error failure(std::string_view name, std::string_view message) {
  const std::string error = JsonObject().text("name", name).text("message", message).finish();
  return {.code = ErrorCode::rpc_failed,
          .message = "the method failed",
          .details = "\"error\":" + error};
}

Error error_of(const outbound::HttpFault& fault) {
  using outbound::HttpFailure;
  Error error{.code = ErrorCode::unavailable, .message = "the backend: " + fault.message};
  error.retry_after_ms = static_cast<int>(fault.retry_after_ms);
  switch (fault.kind) {
    case HttpFailure::timeout:
      error.code = ErrorCode::rpc_timeout;
      break;
    case HttpFailure::overloaded:
      error.code = ErrorCode::overloaded;
      break;
    case HttpFailure::unreachable:
    case HttpFailure::refused:
    case HttpFailure::breaker_open:
    case HttpFailure::cancelled:
      break;
    case HttpFailure::too_large:
      return failure("bad_response", fault.message);
  }
  return error;
}

std::expected<RpcResponse, Error> parse_answer(const std::string& body) {
  if (!ws::is_utf8(body)) return fail(ErrorCode::rpc_failed, "its answer is not UTF-8");
  auto command = parse_rpc_answer(body);
  if (!command) return std::unexpected(std::move(command.error()));
  return RpcResponse{.request_id = {},
                     .result_json = std::string(command->result),
                     .message_id = std::move(command->message_id),
                     .error_name = std::move(command->error_name),
                     .error_message = std::move(command->error_message)};
}

}  // namespace

std::string backend_request_json(const RpcCall& call, const RpcAssignment& assignment) {
  JsonObject caller;
  caller.text("userId", call.from.user_id);
  if (!call.caller.connection_id.empty())
    caller.text("connectionId", call.caller.connection_id)
        .text("sessionId", call.from.session_id)
        .text("client", call.from.client);
  JsonObject out(256 + assignment.params_json.size());
  out.text("requestId", assignment.request_id)
      .text("method", call.method)
      .raw("params", assignment.params_json)
      .raw("caller", caller.finish());
  if (!call.channel.empty()) out.text("channel", call.channel);
  out.number("timeoutMs", assignment.timeout_ms);
  if (assignment.attempt > 1) out.number("attempt", assignment.attempt);
  return out.finish();
}

RpcOutcome outcome_of(const RpcCall& call, outbound::HttpResult result) {
  if (!result) return std::unexpected(error_of(result.error()));
  auto response = parse_answer(result->body);
  const bool success = result->status >= 200 && result->status < 300;
  // A refusal may say why in the same form; any other status is one of the way, not of the method.
  if (response &&
      (success || (result->status >= 400 && result->status < 500 && !response->error_name.empty())))
    return outcome_of(call, std::move(*response));
  if (success)
    return std::unexpected(failure("bad_response", "the backend's answer is not what rpc.md says"));
  return fail(ErrorCode::unavailable,
              "the backend answered with status " + std::to_string(result->status));
}

RpcOutcome outcome_of(const RpcCall& call, RpcResponse response) {
  if (!response.message_id.empty() && call.channel.empty())
    return std::unexpected(
        failure("no_channel", "the method answers with a message stream: call it on a channel"));
  if (!response.error_name.empty())
    return std::unexpected(failure(response.error_name, response.error_message));
  return RpcAnswer{std::move(response.result_json), std::move(response.message_id)};
}

}  // namespace tidewire
