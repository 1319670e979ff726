#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "ws/frame_header.h"
#include "ws/utf8.h"

namespace tidewire::ws {

/// What an Endpoint holds of a message or control frame that has arrived only in part. All
/// fragments go into one buffer, so a fragment costs its bytes and nothing else.
///
/// Owner: an Endpoint, from the first partial byte to the end of the message.
struct Assembly {
  std::string message;                           // unmasked; still compressed if the message is
  Utf8Validator utf8;                            // of an uncompressed text so far
  std::array<char, kControlBytesMax> control{};  // may arrive between two fragments
  std::uint8_t control_have = 0;
};

}  // namespace tidewire::ws
