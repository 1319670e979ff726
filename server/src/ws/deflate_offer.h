#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ws/deflate_params.h"

namespace tidewire::ws {

struct DeflateAnswer {
  std::optional<DeflateParams> params;  // empty: no extension was agreed
  std::string response;                 // value of Sec-WebSocket-Extensions; empty: no such header
};

/// Answers the client's Sec-WebSocket-Extensions headers: the first acceptable offer of
/// permessage-deflate wins; offers with unknown, repeated or invalid parameters, and those that
/// want a window of 8 bits from us (zlib cannot write one), are passed over; other extensions are
/// ignored. Linear in the length of the headers. Errors: what breaks the grammar.
/// Source: RFC 7692 sections 5 and 7.1, RFC 6455 section 9.1.
[[nodiscard]] std::expected<DeflateAnswer, std::string> negotiate_deflate(
    std::span<const std::string_view> header_values, const DeflateConfig& config);

}  // namespace tidewire::ws
