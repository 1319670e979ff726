#include "load/frames.h"

#include "load/stamp.h"

namespace tidewire::bench {
namespace {

constexpr std::uint64_t kPayloadMax = 64U << 20;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

char masked(char byte, std::size_t position) {
  return static_cast<char>(static_cast<unsigned char>(byte) ^ kMaskKey[position & 3]);
}

}  // namespace

std::string client_frame(FrameKind kind, std::string_view payload) {
  std::string frame(1, static_cast<char>(0x80 | static_cast<unsigned>(kind)));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    const bool wide = payload.size() > 0xffff;
    frame += static_cast<char>(0x80 | (wide ? 127 : 126));
    for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8)
      frame += static_cast<char>(payload.size() >> shift);
  }
  frame.append(reinterpret_cast<const char*>(kMaskKey), 4);
  for (std::size_t i = 0; i < payload.size(); ++i) frame += masked(payload[i], i);
  return frame;
}

StampedFrame::StampedFrame(std::string_view payload)
    : bytes_(client_frame(FrameKind::text, payload)),
      payload_at_(bytes_.size() - payload.size()),
      stamp_at_(payload.find(Stamp::kMark)) {}

void StampedFrame::write_stamp(std::string_view stamp) {
  for (std::size_t i = 0; i < stamp.size(); ++i)
    bytes_[payload_at_ + stamp_at_ + i] = masked(stamp[i], stamp_at_ + i);
}

std::size_t cut_frames(std::string_view bytes, const FrameSink& sink) {
  std::size_t used = 0;
  while (bytes.size() - used >= 2) {
    const std::string_view rest = bytes.substr(used);
    const auto second = static_cast<unsigned char>(rest[1]);
    if ((second & 0x80) != 0) return std::string_view::npos;
    const std::size_t extended = second == 127 ? 8 : second == 126 ? 2 : 0;
    if (rest.size() < 2 + extended) break;
    const std::uint64_t size = extended == 0 ? second : big_endian(rest.substr(2, extended));
    if (size > kPayloadMax) return std::string_view::npos;
    if (rest.size() < 2 + extended + size) break;
    sink(static_cast<FrameKind>(static_cast<unsigned char>(rest[0]) & 0x4f),
         rest.substr(2 + extended, size));
    used += 2 + extended + size;
  }
  return used;
}

}  // namespace tidewire::bench
