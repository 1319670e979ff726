// sessions, sessions/{id}/send and users/{id}/send: who is there, and a word to them alone.

#include <algorithm>
#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/request_body.h"
#include "base/ids.h"
#include "protocol/json_writer.h"

namespace tidewire {
namespace {

std::string summary_json(const SessionSummary& session) {
  JsonObject object;
  object.text("sessionId", session.session_id)
      .text("userId", session.user_id)
      .boolean("connected", session.holder.has_value());
  if (session.holder)
    return object.text("connectionId", session.holder->connection_id)
        .number("shard", session.holder->shard)
        .finish();
  if (session.channels) object.number("channels", *session.channels);
  if (session.events) object.number("events", *session.events);
  return object.number("expiresAt", session.expires_at).finish();
}

/// `{id}` of `<family>/{id}/send`; empty: `name` is something else.
std::string_view target_of(std::string_view name, std::string_view family) {
  constexpr std::string_view kVerb = "/send";
  if (!name.starts_with(family) || !name.ends_with(kVerb)) return {};
  if (name.size() <= family.size() + kVerb.size()) return {};
  return name.substr(family.size(), name.size() - family.size() - kVerb.size());
}

}  // namespace

void ApiService::sessions(std::string_view text, RespondFn respond) {
  const auto body = parse_list_body(text);
  if (!body) return respond(error_reply(body.error()));
  const auto found = parts_.desk.registry().list(body->user_id, body->limit + 1);
  std::string list = "[";
  for (std::size_t i = 0; i < std::min(found.size(), body->limit); ++i) {
    if (i > 0) list += ',';
    list += summary_json(found[i]);
  }
  respond(json_reply(JsonObject()
                         .raw("sessions", list + "]")
                         .boolean("complete", found.size() <= body->limit)
                         .finish()));
}

bool ApiService::call_send(std::string_view name, const http::Request& request,
                           RespondFn& respond) {
  const std::string_view session = target_of(name, "sessions/");
  const std::string_view user = target_of(name, "users/");
  if (session.empty() && user.empty()) return false;
  if (request.method != "POST") {
    respond(not_a_post());
  } else if (!session.empty()) {
    send({std::string(session)}, request.body, std::move(respond));
  } else {
    send(parts_.desk.registry().of_user(user), request.body, std::move(respond));
  }
  return true;
}

void ApiService::send(std::vector<std::string> sessions, std::string_view text, RespondFn respond) {
  auto body = parse_send_body(text);
  if (!body) return respond(error_reply(body.error()));
  parts_.desk.send(
      parts_.node.index(), std::move(sessions),
      {.type = std::move(body->type),
       .payload = std::move(body->payload),
       .key = random_id(),
       .ts = parts_.clock.wall_ms()},
      body->durable, [respond = std::move(respond)](SessionDesk::Tally tally) mutable {
        if (tally.known == 0)
          return respond(
              error_reply({.code = ErrorCode::not_found, .message = "there is no such session"}));
        if (tally.refused && tally.reached + tally.queued == 0)
          return respond(error_reply(*tally.refused));
        respond(json_reply(
            JsonObject().number("reached", tally.reached).number("queued", tally.queued).finish()));
      });
}

}  // namespace tidewire
