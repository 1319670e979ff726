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
  void add(const std::string& bytes) {
    bytes_.erase(0, std::exchange(begin_, 0));
    bytes_ += bytes;
  }

  [[nodiscard]] std::optional<ServerFrame> next() {
    const std::size_t there = bytes_.size() - begin_;
    if (there < 2) return std::nullopt;
    std::size_t size = at(1);
    std::size_t header = 2;
    const std::size_t extra = size == 126 ? 2U : size == 127 ? 8U : 0U;
    if (there < header + extra) return std::nullopt;
    if (extra != 0) size = 0;
    for (std::size_t i = 0; i < extra; ++i) size = size << 8U | at(header + i);
    header += extra;
    if (there < header + size) return std::nullopt;
    ServerFrame frame{static_cast<std::uint8_t>(at(0) & 0x0FU),
                      bytes_.substr(begin_ + header, size)};
    begin_ += header + size;
    return frame;
  }

 private:
  [[nodiscard]] std::size_t at(std::size_t index) const {
    return static_cast<unsigned char>(bytes_[begin_ + index]);
  }

  std::string bytes_;
  std::size_t begin_ = 0;  // what is before it has been read
};

}  // namespace tidewire::sim
