#pragma once

#include <string>
#include <string_view>

namespace tidewire::http {

/// A strong entity tag, quotes included, made of whatever identifies the bytes (RFC 9110, 8.8.3).
[[nodiscard]] std::string make_etag(std::string_view identity);

/// Whether the list of an If-None-Match names `etag` ("*" names any), by weak comparison
/// (RFC 9110, 8.8.3.2 and 13.1.2).
[[nodiscard]] bool lists_etag_weakly(std::string_view list, std::string_view etag);
/// Whether the list of an If-Match names `etag`, by strong comparison (13.1.1).
[[nodiscard]] bool lists_etag_strongly(std::string_view list, std::string_view etag);

}  // namespace tidewire::http
