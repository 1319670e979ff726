#pragma once

#include <cstddef>
#include <cstdint>

namespace tidewire {

/// Asks for the cache lines of `bytes` bytes at `at`, which will be read and written soon: they
/// arrive together, and not one by one as each is touched. Any address is allowed. Thread: any.
inline void prefetch(const void* at, std::size_t bytes) {
  constexpr std::uintptr_t kCacheLine = 64;
  // Not a pointer's arithmetic: it may be null, and nothing is read.
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  for (std::uintptr_t line = begin; line < begin + bytes; line += kCacheLine)
    __builtin_prefetch(reinterpret_cast<const void*>(line), 1);
}

}  // namespace tidewire
