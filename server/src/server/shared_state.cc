#include "server/shared_state.h"

#include <algorithm>
#include <limits>

namespace tidewire {
namespace {

// In the configuration 0 means "no limit"; below it means "none".

std::uint32_t total_of(const LimitsConfig& limits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(limits.connections == 0 ? kMost
                                                            : std::min(limits.connections, kMost));
}

ConnectionRateLimits connect_rate(const LimitsConfig& limits) {
  constexpr double kUnlimited = 1e12;
  if (limits.connects_per_address == 0) return {.per_s = kUnlimited, .burst = kUnlimited};
  return {.per_s = static_cast<double>(limits.connects_per_address),
          .burst = static_cast<double>(limits.connects_per_address_burst)};
}

}  // namespace

SharedState::SharedState(const Config& configuration)
    : config(configuration),
      caps(total_of(configuration.limits)),
      connects(connect_rate(configuration.limits)),
      rates(config),
      users(configuration.limits.connections_per_user) {}

}  // namespace tidewire
