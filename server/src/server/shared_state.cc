#include "server/shared_state.h"

namespace tidewire {

SharedState::SharedState(const Config& configuration)
    : config(configuration),
      caps({.total = static_cast<std::uint32_t>(configuration.limits.connections), .per_user = 0}),
      connects({.per_s = static_cast<double>(configuration.limits.connects_per_address),
                .burst = static_cast<double>(configuration.limits.connects_per_address_burst)}),
      users(configuration.limits.connections_per_user) {}

}  // namespace tidewire
