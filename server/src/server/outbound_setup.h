#pragma once

#include <array>
#include <vector>

#include "config/config.h"
#include "outbound/http_caller.h"
#include "rpc/backend_methods.h"
#include "session/hook_caller.h"

namespace tidewire {

/// The HTTP services that the configuration names: the RPC backends by name, then the hooks that
/// have a URL, in the order of HookKind.
[[nodiscard]] std::vector<outbound::Backend> backends_of(const Config& config);

/// What the RPC backends serve, in the same order.
[[nodiscard]] std::vector<BackendMethods> methods_of(const Config& config);

/// Whom to ask, with their places in backends_of().
[[nodiscard]] std::array<HookSetup, 3> hooks_of(const Config& config);

}  // namespace tidewire
