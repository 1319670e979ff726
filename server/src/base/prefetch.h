#pragma once

#include <cstddef>

namespace tidewire {

/// Asks for the cache lines of `bytes` bytes at `at`, which will be read and written soon: they
/// arrive together, and not one by one as each is touched. Any address is allowed. Thread: any.
inline void prefetch(const void* at, std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64;
  const char* line = static_cast<const char*>(at);
  for (const char* const end = line + bytes; line < end; line += kCacheLine)
    __builtin_prefetch(line, 1);
}

}  // namespace tidewire
