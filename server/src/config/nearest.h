#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tidewire {

/// The candidate that takes the fewest insertions, deletions, substitutions and swaps of
/// neighbours to turn into `text`; the first of equals. Empty when there are no candidates.
[[nodiscard]] std::string_view nearest(std::string_view text,
                                       std::span<const std::string> candidates);

}  // namespace tidewire
