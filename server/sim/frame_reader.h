#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tidewire::sim {

/// A frame from the server, as a client reads it: whole, unmasked.
struct ServerFrame {
  std::uint8_t opcode = 0;
  std::string payload;
};

/// Cuts the bytes that arrive into frames (RFC 6455 section 5.2, the server's side of it).
class FrameReader {
 public:
  void add(const std::string& bytes) { bytes_ += bytes; }

  [[nodiscard]] std::optional<ServerFrame> next() {
    if (bytes_.size() < 2) return std::nullopt;
    std::size_t size = at(1);
    std::size_t header = 2;
    const std::size_t extra = size == 126 ? 2U : size == 127 ? 8U : 0U;
    if (bytes_.size() < header + extra) return std::nullopt;
    if (extra != 0) size = 0;
    for (std::size_t i = 0; i < extra; ++i) size = size << 8U | at(header + i);
    header += extra;
    if (bytes_.size() < header + size) return std::nullopt;
    ServerFrame frame{static_cast<std::uint8_t>(at(0) & 0x0FU), bytes_.substr(header, size)};
    bytes_.erase(0, header + size);
    return frame;
  }

 private:
  [[nodiscard]] std::size_t at(std::size_t index) const {
    return static_cast<unsigned char>(bytes_[index]);
  }

  std::string bytes_;
};

}  // namespace tidewire::sim
