#pragma once

#include <cstddef>
#include <cstdint>

namespace tidewire::ws {

/// What one connection agreed on for permessage-deflate (RFC 7692 section 7.1).
struct DeflateParams {
  bool server_no_context_takeover = false;   // our messages are compressed independently
  bool client_no_context_takeover = false;   // the client's are
  std::uint8_t server_max_window_bits = 15;  // 9-15: zlib cannot write raw deflate with 8
  std::uint8_t client_max_window_bits = 15;  // 8-15

  bool operator==(const DeflateParams&) const = default;
};

/// What the server is willing to agree on, and how it compresses.
struct DeflateConfig {
  bool enabled = true;
  /// Without context takeover one compressed frame serves every subscriber and a connection holds
  /// no zlib state, which is worth more to a fan-out server than the better ratio.
  bool server_no_context_takeover = true;
  bool client_no_context_takeover = true;
  std::uint8_t server_max_window_bits = 15;
  std::uint8_t client_max_window_bits = 15;
  std::size_t threshold_bytes = 512;  // smaller payloads are sent as they are
  int level = 3;                      // zlib's 1 (fast) to 9 (small)
  int memory_level = 8;               // zlib's 1 to 9
};

}  // namespace tidewire::ws
