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

}  // namespace

std::vector<outbound::Backend> backends_of(const Config& config) {
  std::vector<outbound::Backend> backends;
  for (const auto& [name, backend] : config.rpc_backends)
    backends.push_back(backend_of("rpc." + name, backend, config.outbound));
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

}  // namespace tidewire
