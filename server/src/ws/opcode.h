#pragma once

#include <cstdint>

namespace tidewire::ws {

/// What a frame carries (RFC 6455 section 5.2). Every other value is reserved and refused.
enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

[[nodiscard]] constexpr bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

}  // namespace tidewire::ws
