#include "server/outbound_setup.h"

#include <utility>

namespace tidewire {
namespace {

outbound::Backend backend_of(std::string name, const EndpointConfig& endpoint,
                             const OutboundConfig& shared) {
  return {.name = std::move(name),
          .url = endpoint.url,
          .secret = endpoint.secret,
          .allow_private = endpoint.allow_private,
          .redirects_max = static_cast<std::uint32_t>(endpoint.redirects),
          .response_bytes_max = shared.response_bytes,
          .calls_max = shared.calls,
          .breaker = {.failures = static_cast<std::uint32_t>(shared.breaker_failures),
                      .open_ms = shared.breaker_time.count()}};
}

std::array<const HookConfig*, 3> in_order(const HooksConfig& hooks) {
  return {&hooks.connect, &hooks.subscribe, &hooks.publish};
}

}  // namespace

std::vector<outbound::Backend> backends_of(const Config& config) {
  std::vector<outbound::Backend> backends;
  for (const auto& [name, backend] : config.rpc_backends)
    backends.push_back(backend_of("rpc." + name, backend, config.outbound));
  const auto hooks = in_order(config.hooks);
  for (std::size_t i = 0; i < hooks.size(); ++i)
    if (!hooks[i]->url.empty())
      backends.push_back(backend_of("hooks." + std::string(to_name(static_cast<HookKind>(i))),
                                    *hooks[i], config.outbound));
  return backends;
}

std::vector<BackendMethods> methods_of(const Config& config) {
  std::vector<BackendMethods> methods;
  for (const auto& [name, backend] : config.rpc_backends)
    methods.push_back({.methods = backend.methods,
                       .idempotent = backend.idempotent,
                       .timeout_ms = backend.timeout.count()});
  return methods;
}

std::array<HookSetup, 3> hooks_of(const Config& config) {
  std::array<HookSetup, 3> setups;
  const auto hooks = in_order(config.hooks);
  std::size_t next = config.rpc_backends.size();
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    setups[i] = {.backend = std::nullopt,
                 .timeout_ms = hooks[i]->timeout.count(),
                 .allow_on_failure = hooks[i]->on_failure == "allow",
                 .namespaces = hooks[i]->namespaces};
    if (!hooks[i]->url.empty()) setups[i].backend = next++;
  }
  return setups;
}

}  // namespace tidewire
