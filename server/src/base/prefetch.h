#pragma once

#include <cstddef>

namespace tidewire {

/// Asks for the cache lines of `bytes` bytes at `at`, which will be read and written soon: they
/// arrive together, and not one by one as each is touched. Null is allowed. Thread: any.
inline void prefetch(const void* at, std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64;
  const char* const begin = static_cast<const char*>(at);
  if (begin == nullptr) return;
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(begin + i, 1);
}

}  // namespace tidewire
