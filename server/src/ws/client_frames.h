#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "ws/mask.h"
#include "ws/opcode.h"

namespace tidewire::ws {

/// What a test, a fuzzer or a load generator may want to be unusual about a client's frame.
struct ClientFrameShape {
  bool fin = true;
  std::uint8_t reserved_bits = 0;  // 4: RSV1, 2: RSV2, 1: RSV3
  bool masked = true;
  std::array<char, 4> mask{'\x37', '\xfa', '\x21', '\x3d'};  // RFC 6455 section 5.7
  int length_bytes = -1;                                     // 0, 2 or 8; -1: as few as possible
};

/// The header of a client's frame that announces `size` bytes of payload.
[[nodiscard]] inline std::string client_header(std::uint8_t opcode, std::uint64_t size,
                                               const ClientFrameShape& shape = {}) {
  const int shortest = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
  const int length_bytes = shape.length_bytes < 0 ? shortest : shape.length_bytes;
  const unsigned length = length_bytes == 0   ? static_cast<unsigned>(size)
                          : length_bytes == 2 ? 126U
                                              : 127U;
  std::string bytes;
  bytes.push_back(static_cast<char>((shape.fin ? 0x80U : 0U) |
                                    (static_cast<unsigned>(shape.reserved_bits) << 4U) | opcode));
  bytes.push_back(static_cast<char>((shape.masked ? 0x80U : 0U) | length));
  for (int i = length_bytes - 1; i >= 0; --i) bytes.push_back(static_cast<char>(size >> (8 * i)));
  if (shape.masked) bytes.append(shape.mask.data(), shape.mask.size());
  return bytes;
}

/// A client's frame, masked.
[[nodiscard]] inline std::string client_frame(Opcode opcode, std::string_view payload,
                                              const ClientFrameShape& shape = {}) {
  std::string bytes = client_header(static_cast<std::uint8_t>(opcode), payload.size(), shape);
  const std::size_t header_size = bytes.size();
  bytes.append(payload);
  if (shape.masked) unmask(bytes.data() + header_size, payload.size(), shape.mask, 0);
  return bytes;
}

/// A client's Close with a code.
[[nodiscard]] inline std::string client_close(std::uint16_t code, std::string_view reason = {}) {
  std::string body;
  body.push_back(static_cast<char>(code >> 8U));
  body.push_back(static_cast<char>(code));
  return client_frame(Opcode::close, body.append(reason));
}

}  // namespace tidewire::ws
