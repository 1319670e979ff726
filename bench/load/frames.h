#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tidewire::bench {

/// RFC 6455 section 5.3 asks clients to mask. One key for all frames is enough for a benchmark:
/// the server cannot know, and a stamp can be written into a frame that is already masked.
inline constexpr unsigned char kMaskKey[4] = {0x37, 0xfa, 0x21, 0x3d};

/// The opcode, and for `deflated` the bit that says that the text is compressed (RFC 7692).
enum class FrameKind : std::uint8_t {
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
  deflated = 0x41,
};

/// A whole masked frame.
std::string client_frame(FrameKind kind, std::string_view payload);

/// A masked text frame, built once, into which each message's stamp is written.
class StampedFrame {
 public:
  /// `payload` holds Stamp::kMark, where the stamp goes.
  explicit StampedFrame(std::string_view payload);
  void write_stamp(std::string_view stamp);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t payload_at_;
  std::size_t stamp_at_;  // in the payload
};

/// Cuts a server's unmasked frames out of `bytes` and returns how many bytes they took; what is
/// left is the beginning of a frame. A frame above 64 MiB or a masked one is a fault: npos.
using FrameSink = std::function<void(FrameKind kind, std::string_view payload)>;
std::size_t cut_frames(std::string_view bytes, const FrameSink& sink);

}  // namespace tidewire::bench
