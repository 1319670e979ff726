#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace tidewire {

/// How long messages may wait for others, and how many end the wait early (0: only time does).
struct BatchLimits {
  MonoMillis delay_ms = 0;  // 0: they leave at the end of the turn
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;

  /// Both asked for batches: the longer delay, the smaller batch.
  [[nodiscard]] BatchLimits with(const BatchLimits& other) const {
    const auto smaller = [](std::uint64_t a, std::uint64_t b) {
      return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
    };
    return {std::max(delay_ms, other.delay_ms), smaller(messages, other.messages),
            smaller(bytes, other.bytes)};
  }
  [[nodiscard]] bool full(std::size_t queued_messages, std::size_t queued_bytes) const {
    return (messages != 0 && queued_messages >= messages) || (bytes != 0 && queued_bytes >= bytes);
  }
};

}  // namespace tidewire
