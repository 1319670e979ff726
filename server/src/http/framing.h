#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <vector>

#include "http/parse_error.h"
#include "http/request.h"
#include "http/request_limits.h"

namespace tidewire::http {

/// What the header lines say about the request as a whole.
struct Framing {
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool upgrade = false;  // the Upgrade header names websocket
  bool expects_continue = false;
};

/// Decides how long the body is, by the strictest reading (RFC 9112, 6): one length of plain
/// digits, or chunked alone, never both, and neither on an upgrade. Also holds the rules for Host
/// and Expect.
[[nodiscard]] std::expected<Framing, ParseError> frame_request(const std::vector<Header>& headers,
                                                               const RequestLimits& limits);

}  // namespace tidewire::http
