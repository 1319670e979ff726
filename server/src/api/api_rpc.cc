// rpc: calls in the name of the server, or of a user that it vouches for.

#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/request_body.h"
#include "protocol/replies.h"
#include "session/rpc_desk.h"

namespace tidewire {
void ApiService::rpc(std::string_view text, RespondFn respond) {
  auto body = parse_rpc_body(text);
  if (!body) return respond(error_reply(body.error()));
  parts_.rpc.call({.caller = {.shard = parts_.node.index(), .connection_id = {}},
                   .reply_id = {},
                   .channel = std::move(body->channel),
                   .method = std::move(body->method),
                   .params_json = std::move(body->params),
                   .from = {.user_id = std::move(body->user_id), .session_id = {}, .client = {}},
                   .timeout_ms = body->timeout_ms,
                   .reply = [respond = std::move(respond)](RpcOutcome outcome) mutable {
                     if (!outcome) return respond(body_error_reply(std::move(outcome.error())));
                     respond(
                         json_reply(rpc_result_payload(outcome->result_json, outcome->message_id)));
                   }});
}

}  // namespace tidewire
