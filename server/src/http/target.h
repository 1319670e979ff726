#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "http/parse_error.h"

namespace tidewire::http {

/// Where a request goes.
struct Target {
  std::string path;  // decoded, without dot segments; "/..." or "*"
  std::string_view query;
};

/// Reads origin-form, absolute-form and, for OPTIONS, asterisk-form (RFC 9112, 3.2). The path is
/// percent-decoded first and freed of dot segments after, so that no escape can hide a dot; one
/// that would leave the root, a hidden slash, backslash or control byte, and text that is not UTF-8
/// are refused with 400.
[[nodiscard]] std::expected<Target, ParseError> parse_target(std::string_view method,
                                                             std::string_view target);

/// `host`, `host:port`, `[IPv6]` or `[IPv6]:port` (RFC 9112, 3.2; RFC 3986, 3.2.2).
[[nodiscard]] bool is_host(std::string_view text);

}  // namespace tidewire::http
