#include "api/session_targets.h"

#include <memory>
#include <utility>
#include <vector>

#include "api/json_reply.h"
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
    respond(json_reply(JsonObject().number(name, count).finish()));
  }
};

bool means(const TargetBody& target, const Session& session) {
  if (!target.user_id.empty() && session.user_id() == target.user_id) return true;
  if (!target.session_id.empty() && session.session_id() == target.session_id) return true;
  return session.info().connection_id == target.connection_id;
}

}  // namespace

void for_each_target(const ApiParts& parts, const TargetBody& target, const char* name,
                     RespondFn respond, std::function<bool(Session&)> act) {
  auto tally = std::make_shared<Tally>(Tally{0, parts.sessions.size(), name, std::move(respond)});
  ShardMesh& mesh = parts.node.mesh();
  for (ShardIndex shard = 0; shard < parts.sessions.size(); ++shard) {
    mesh.post(shard, [sessions = parts.sessions[shard], target, act, tally, &mesh,
                      home = parts.node.index()] {
      std::vector<Session*> meant;
      sessions->for_each([&](Session& session) {
        if (means(target, session)) meant.push_back(&session);
      });
      std::size_t count = 0;
      for (Session* session : meant) count += act(*session) ? 1 : 0;
      mesh.post(home, [tally, count] { tally->take(count); });
    });
  }
}

}  // namespace tidewire
