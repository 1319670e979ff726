#pragma once

#include <functional>

#include "api/api_service.h"
#include "api/request_body.h"

namespace tidewire {

class Session;

/// Runs `act` on every session that `target` means, on that session's shard, and answers with the
/// number of those for which it said true, as `{"<name>": n}`.
void for_each_target(const ApiParts& parts, const TargetBody& target, const char* name,
                     RespondFn respond, std::function<bool(Session&)> act);

}  // namespace tidewire
