#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tidewire {

inline constexpr std::size_t kTokenJsonDepthMax = 16;

/// Parses one JSON object as a token's header or payload must be: RFC 8259 to the letter, valid
/// UTF-8, no byte order mark, nothing after it, no name twice in any object (RFC 7515 section 4),
/// at most kTokenJsonDepthMax levels. The fault is one clause: "is not valid JSON".
[[nodiscard]] std::expected<nlohmann::json, std::string> parse_strict_object(std::string_view text);

}  // namespace tidewire
