#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ws/opcode.h"

namespace tidewire::ws {

inline constexpr std::size_t kClientHeaderBytesMax = 14;  // 2 + 8 of length + 4 of mask
inline constexpr std::size_t kServerHeaderBytesMax = 10;  // servers do not mask
inline constexpr std::size_t kControlBytesMax = 125;      // RFC 6455 section 5.5

/// The header of one frame from a client, always masked.
struct FrameHeader {
  std::uint64_t payload_size = 0;
  std::array<char, 4> mask{};
  Opcode opcode = Opcode::text;
  bool fin = false;
  bool rsv1 = false;
  std::uint8_t size = 0;  // of the header itself
};

/// What the connection allows at this point.
struct HeaderRules {
  bool compression = false;  // permessage-deflate was agreed, so RSV1 has a meaning
  bool in_message = false;   // a fragmented message has begun and is not finished
};

enum class HeaderStatus : std::uint8_t { complete, incomplete, refused };

struct HeaderResult {
  HeaderStatus status;
  std::string_view reason;  // of a refusal: static text
};

/// Reads a client's frame header from the beginning of `bytes`. Rules are checked byte by byte in
/// wire order, so the verdict does not depend on how the bytes were split into reads; every refusal
/// means close code 1002. A refusal comes as early as the byte that breaks the rule.
/// Source: RFC 6455 sections 5.1 (masking), 5.2 (reserved bits, opcodes, minimal lengths),
/// 5.4 (fragmentation), 5.5 (control frames); RFC 7692 section 6 (RSV1).
[[nodiscard]] HeaderResult decode_client_header(std::string_view bytes, HeaderRules rules,
                                                FrameHeader& header);

/// Writes the header of a final server frame and returns its length: 2, 4 or 10.
std::size_t encode_server_header(Opcode opcode, bool rsv1, std::uint64_t payload_size,
                                 std::span<char, kServerHeaderBytesMax> out);

}  // namespace tidewire::ws
