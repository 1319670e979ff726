#pragma once

#include <vector>

#include "config/config.h"
#include "outbound/http_caller.h"
#include "rpc/backend_methods.h"

namespace tidewire {

/// The HTTP services that the configuration names: the RPC backends, by name.
[[nodiscard]] std::vector<outbound::Backend> backends_of(const Config& config);

/// What the RPC backends serve, in the same order.
[[nodiscard]] std::vector<BackendMethods> methods_of(const Config& config);

}  // namespace tidewire
