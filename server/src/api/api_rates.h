#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "api/api_service.h"
#include "protocol/error.h"

namespace tidewire {

/// Takes one publish of `bytes` of payload (a change of the shared state has none) for each of
/// `channels` from the rates of the server API and of their namespaces: all of them or none.
/// Counts and gives the refusal.
[[nodiscard]] std::optional<Error> over_rate(const ApiParts& parts,
                                             std::span<const std::string> channels,
                                             std::size_t bytes);

}  // namespace tidewire
