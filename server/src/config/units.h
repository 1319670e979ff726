#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace tidewire {

/// Durations: `250ms`, `5s`, `2m`, `1h`, `7d`; a bare integer is milliseconds. Sizes: `64KiB`,
/// `1MiB`, `2GiB`; a bare integer is bytes. Strict: no sign, no white space, no fraction; what
/// does not fit 63 bits is nullopt.
[[nodiscard]] std::optional<std::uint64_t> parse_integer(std::string_view text);
[[nodiscard]] std::optional<Milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

/// The shortest text that the parsers read back to the same value.
[[nodiscard]] std::string format_duration(Milliseconds duration);
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// Whether the text is `host:port` as listeners take it: an IPv4 address, a name or an IPv6
/// address in brackets, and a port of 0..65535 (0 lets the system choose).
[[nodiscard]] bool is_address(std::string_view text);

}  // namespace tidewire
