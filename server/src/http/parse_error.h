#pragma once

#include <expected>
#include <string_view>

namespace tidewire::http {

/// Why a request was refused. Whoever answers it also closes the connection, since nobody knows
/// where the next request would start.
struct ParseError {
  int status = 0;           // 400, 413, 414, 417, 431, 501 or 505
  std::string_view reason;  // static text, fit for the client
};

[[nodiscard]] inline std::unexpected<ParseError> refuse(int status, std::string_view reason) {
  return std::unexpected(ParseError{status, reason});
}

}  // namespace tidewire::http
