// disconnect and unsubscribe: what an operator ends.

#include <atomic>
#include <memory>
#include <utility>

#include "api/api_service.h"
#include "api/error_reply.h"
#include "api/request_body.h"
#include "protocol/json_writer.h"
#include "session/session.h"

namespace tidewire {
namespace {

/// How many sessions an operation reached, over all shards.
struct Tally {
  std::size_t count = 0;
  std::size_t missing;
  const char* name;
  RespondFn respond;

  void take(std::size_t part) {
    count += part;
    if (--missing > 0) return;
    http::Response response;
    response.body("application/json; charset=utf-8", JsonObject().number(name, count).finish());
    respond(std::move(response));
  }
};

/// Runs `act` on every session that `target` means, on that session's shard, and answers with the
/// number of those for which it said true.
void for_each_target(const ApiParts& parts, const TargetBody& target, const char* name,
                     RespondFn respond, const std::function<bool(Session&)>& act) {
  auto tally = std::make_shared<Tally>(Tally{0, parts.sessions.size(), name, std::move(respond)});
  ShardMesh& mesh = parts.node.mesh();
  for (ShardIndex shard = 0; shard < parts.sessions.size(); ++shard) {
    mesh.post(shard, [sessions = parts.sessions[shard], target, act, tally, &mesh,
                      home = parts.node.index()] {
      std::vector<Session*> meant;
      sessions->for_each([&](Session& session) {
        const bool user = !target.user_id.empty() && session.user_id() == target.user_id;
        if (user || session.info().connection_id == target.connection_id) meant.push_back(&session);
      });
      std::size_t count = 0;
      for (Session* session : meant) count += act(*session) ? 1 : 0;
      mesh.post(home, [tally, count] { tally->take(count); });
    });
  }
}

}  // namespace

void ApiService::disconnect(std::string_view text, RespondFn respond) {
  auto target = parse_target_body(text, false);
  if (!target) return respond(error_reply(target.error()));
  if (target->reason.empty()) target->reason = "disconnected by an operator";
  for_each_target(parts_, *target, "disconnected", std::move(respond),
                  [reason = target->reason](Session& session) {
                    session.close(CloseCode::disconnected, reason);
                    return true;
                  });
}

void ApiService::unsubscribe(std::string_view text, RespondFn respond) {
  auto target = parse_target_body(text, true);
  if (!target) return respond(error_reply(target.error()));
  for_each_target(parts_, *target, "unsubscribed", std::move(respond),
                  [channel = target->channel](Session& session) {
                    return session.revoke(channel, UnsubscribeReason::operator_);
                  });
}

}  // namespace tidewire
