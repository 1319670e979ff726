#include "ws/frame_header.h"

#include <algorithm>

namespace tidewire::ws {
namespace {

constexpr HeaderResult kIncomplete{HeaderStatus::incomplete, {}};

constexpr HeaderResult refuse(std::string_view reason) { return {HeaderStatus::refused, reason}; }

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

bool known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

/// The reason to refuse the first byte, or nothing.
std::string_view check_first_byte(std::uint8_t byte, HeaderRules rules) {
  const bool fin = (byte & 0x80U) != 0;
  const bool rsv1 = (byte & 0x40U) != 0;
  const std::uint8_t opcode = byte & 0x0FU;
  if ((byte & 0x30U) != 0) return "reserved bits are set";
  if (!known(opcode)) return "reserved opcode";
  const bool control = is_control(Opcode{opcode});
  const bool continuation = Opcode{opcode} == Opcode::continuation;
  if (rsv1 && !rules.compression) return "RSV1 is set but no compression was agreed";
  if (rsv1 && (control || continuation)) return "RSV1 is only for the first frame of a message";
  if (control && !fin) return "control frames must not be fragmented";
  if (continuation && !rules.in_message) return "continuation without a message";
  if (!control && !continuation && rules.in_message) return "new message inside a fragmented one";
  return {};
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = (value << 8U) | static_cast<std::uint8_t>(c);
  return value;
}

}  // namespace

HeaderResult decode_client_header(std::string_view bytes, HeaderRules rules, FrameHeader& header) {
  if (bytes.empty()) return kIncomplete;
  const std::uint8_t first = byte_at(bytes, 0);
  if (const auto reason = check_first_byte(first, rules); !reason.empty()) return refuse(reason);
  if (bytes.size() < 2) return kIncomplete;

  const std::uint8_t second = byte_at(bytes, 1);
  const std::uint8_t length = second & 0x7FU;
  const Opcode opcode{static_cast<std::uint8_t>(first & 0x0FU)};
  if ((second & 0x80U) == 0) return refuse("client frames must be masked");
  if (is_control(opcode) && length > kControlBytesMax) return refuse("control frame is too long");

  const std::size_t length_bytes = length < 126 ? 0 : length == 126 ? 2 : 8;
  // The most significant bit is the first to arrive, and enough to refuse (RFC 6455 section 5.2).
  if (length_bytes == 8 && bytes.size() > 2 && byte_at(bytes, 2) > 0x7F)
    return refuse("length has its most significant bit set");
  if (bytes.size() < 2 + length_bytes) return kIncomplete;
  const std::uint64_t size =
      length_bytes == 0 ? length : read_big_endian(bytes.substr(2, length_bytes));
  if ((length_bytes == 2 && size < 126) || (length_bytes == 8 && size <= 0xFFFF))
    return refuse("length is not encoded minimally");

  header.size = static_cast<std::uint8_t>(2 + length_bytes + 4);
  if (bytes.size() < header.size) return kIncomplete;
  header.payload_size = size;
  header.opcode = opcode;
  header.fin = (first & 0x80U) != 0;
  header.rsv1 = (first & 0x40U) != 0;
  std::copy_n(bytes.data() + 2 + length_bytes, 4, header.mask.begin());
  return {HeaderStatus::complete, {}};
}

std::size_t encode_server_header(Opcode opcode, bool rsv1, std::uint64_t payload_size,
                                 std::span<char, kServerHeaderBytesMax> out) {
  out[0] = static_cast<char>(0x80U | (rsv1 ? 0x40U : 0U) | static_cast<unsigned>(opcode));
  const std::size_t length_bytes = payload_size < 126 ? 0 : payload_size <= 0xFFFF ? 2 : 8;
  if (length_bytes == 0) {
    out[1] = static_cast<char>(payload_size);
    return 2;
  }
  out[1] = length_bytes == 2 ? char{126} : char{127};
  for (std::size_t i = 0; i < length_bytes; ++i)
    out[2 + i] = static_cast<char>(payload_size >> (8 * (length_bytes - 1 - i)));
  return 2 + length_bytes;
}

}  // namespace tidewire::ws
