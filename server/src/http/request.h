#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::http {

/// One header line as it was sent, without the white space around its value.
struct Header {
  std::string_view name;
  std::string_view value;
};

/// True when both are the same header name or token (RFC 9110, 5.1: case does not matter).
[[nodiscard]] bool same_token(std::string_view a, std::string_view b);

/// One HTTP/1.1 request that passed every check of RequestParser.
///
/// Owner:  the RequestParser it came from; every view dies with that parser or its reset().
/// Limits: those of RequestLimits.
struct Request {
  std::string_view method;  // "GET"; a token, never empty
  std::string_view target;  // as sent, the query included
  std::string path;         // percent-decoded, dot segments resolved; starts with '/', or is "*"
  std::string_view query;   // what follows the first '?', not decoded
  int version = 11;         // the only one that is accepted
  std::vector<Header> headers;  // repeated names kept, side by side
  std::string_view body;        // chunks already joined
  bool keep_alive = true;       // false: close after the response (RFC 9112, 9.3)
  bool upgrade = false;         // asks for `Upgrade: websocket`

  /// The first header of that name.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  /// How many header lines have that name.
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// Every value of that name joined with ", " (RFC 9110, 5.3); empty when there is none.
  [[nodiscard]] std::string joined(std::string_view name) const;
};

}  // namespace tidewire::http
