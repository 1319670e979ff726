#include "limits/connection_caps.h"

namespace tidewire {

ConnectionLease& ConnectionLease::operator=(ConnectionLease&& other) noexcept {
  if (this == &other) return *this;
  release();
  caps_ = std::exchange(other.caps_, nullptr);
  return *this;
}

void ConnectionLease::release() {
  if (ConnectionCaps* caps = std::exchange(caps_, nullptr))
    caps->total_.fetch_sub(1, std::memory_order_relaxed);
}

std::optional<ConnectionLease> ConnectionCaps::acquire() {
  std::uint32_t total = total_.load(std::memory_order_relaxed);
  do {
    if (total >= total_max_) return std::nullopt;
  } while (!total_.compare_exchange_weak(total, total + 1, std::memory_order_relaxed));
  return ConnectionLease(*this);
}

}  // namespace tidewire
