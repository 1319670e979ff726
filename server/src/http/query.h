#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidewire::http {

/// The first value of `name` in `query` (what follows the '?'), percent- and plus-decoded
/// (application/x-www-form-urlencoded). nullopt: absent, or not decodable.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace tidewire::http
