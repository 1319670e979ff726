#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidewire {

/// Base64 of RFC 4648. The decoders are strict: no white space, no characters outside the
/// alphabet, no bits left over, padding exactly as the variant demands; anything else is nullopt.
[[nodiscard]] std::string base64_encode(std::string_view bytes);  // section 4, padded
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
[[nodiscard]] std::string base64url_encode(std::string_view bytes);  // section 5, no padding
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace tidewire
