#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tidewire::ws {

/// Unmasks (or masks) `size` bytes in place; `data` is at `offset` bytes from the beginning of the
/// frame's payload (RFC 6455 section 5.3). Works at every alignment; eight bytes at a time in a
/// loop that compilers turn into vector instructions.
inline void unmask(char* data, std::size_t size, std::array<char, 4> mask, std::uint64_t offset) {
  std::array<char, 8> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(offset + i) % 4];
  std::uint64_t key = 0;
  std::memcpy(&key, turned.data(), sizeof key);

  const std::size_t words = size / sizeof key;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i * sizeof word, sizeof word);
    word ^= key;
    std::memcpy(data + i * sizeof word, &word, sizeof word);
  }
  for (std::size_t i = words * sizeof key; i < size; ++i)
    data[i] = static_cast<char>(data[i] ^ turned[i % 8]);
}

}  // namespace tidewire::ws
