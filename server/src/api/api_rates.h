#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "api/api_service.h"
#include "protocol/error.h"

namespace tidewire {

/// Takes one publish of `bytes` of payload (a change of the shared state has none) from the rates
/// of the server API and of the channel's namespace. Counts and gives the refusal; what was taken
/// before one is not given back.
[[nodiscard]] std::optional<Error> over_rate(const ApiParts& parts, std::string_view channel,
                                             std::size_t bytes);

}  // namespace tidewire
