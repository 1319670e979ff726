#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" of seconds since 1970 (RFC 9110, 5.6.7).
[[nodiscard]] std::string format_http_date(std::int64_t seconds);

/// Reads that form and the two obsolete ones a recipient must accept: RFC 850's and asctime's.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace tidewire::http
