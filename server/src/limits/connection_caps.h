#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace tidewire {

class ConnectionCaps;

/// One connection's place in the count; gives it back when destroyed.
///
/// Owner: the connection. Must not outlive its ConnectionCaps. Thread: its connection's.
class ConnectionLease {
 public:
  ConnectionLease() = default;
  ConnectionLease(ConnectionLease&& other) noexcept : caps_(std::exchange(other.caps_, nullptr)) {}
  ConnectionLease& operator=(ConnectionLease&& other) noexcept;
  ~ConnectionLease() { release(); }

  void release();
  [[nodiscard]] explicit operator bool() const { return caps_ != nullptr; }

 private:
  friend class ConnectionCaps;
  explicit ConnectionLease(ConnectionCaps& caps) : caps_(&caps) {}

  ConnectionCaps* caps_ = nullptr;
};

/// How many connections there are, over all shards. Those of one user are UserDirectory's matter.
///
/// Owner:  the server; one instance. Thread: any: the total is an atomic taken per accepted socket.
/// Limit:  `total`; what is past it gets no lease.
class ConnectionCaps {
 public:
  explicit ConnectionCaps(std::uint32_t total_max) : total_max_(total_max) {}
  ConnectionCaps(const ConnectionCaps&) = delete;
  ConnectionCaps& operator=(const ConnectionCaps&) = delete;

  /// nullopt when `total_max` is reached: answer 503 with Retry-After.
  [[nodiscard]] std::optional<ConnectionLease> acquire();

  [[nodiscard]] std::uint32_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  friend class ConnectionLease;

  const std::uint32_t total_max_;
  std::atomic<std::uint32_t> total_{0};
};

}  // namespace tidewire
