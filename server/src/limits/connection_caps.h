#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidewire {

struct ConnectionCapLimits {
  std::uint32_t total = 100'000;
  std::uint32_t per_user = 64;  // several tabs and devices; past it, the session's policy decides
};

class ConnectionCaps;

/// One connection's place in the counts; gives everything back when destroyed.
///
/// Owner: the connection. Must not outlive its ConnectionCaps. Thread: its connection's.
class ConnectionLease {
 public:
  ConnectionLease() = default;
  ConnectionLease(ConnectionLease&& other) noexcept;
  ConnectionLease& operator=(ConnectionLease&& other) noexcept;
  ~ConnectionLease() { release(); }

  /// Counts the connection for its user, once it is authenticated. False, and not counted, when
  /// the user has per_user already. A second call with the same user changes nothing; with
  /// another, it moves the count.
  [[nodiscard]] bool bind_user(std::string_view user_id);

  void release();
  [[nodiscard]] explicit operator bool() const { return caps_ != nullptr; }

 private:
  friend class ConnectionCaps;
  explicit ConnectionLease(ConnectionCaps& caps) : caps_(&caps) {}

  ConnectionCaps* caps_ = nullptr;
  std::string user_id_;  // empty: not bound
};

/// How many connections there are, in all and per user, over all shards.
///
/// Owner:  the server; one instance. Thread: any: the total is an atomic taken per accepted
///         socket, the users are behind a mutex taken once per authentication.
/// Limits: `total` and `per_user`; what is past them gets no lease.
class ConnectionCaps {
 public:
  explicit ConnectionCaps(const ConnectionCapLimits& limits) : limits_(limits) {}
  ConnectionCaps(const ConnectionCaps&) = delete;
  ConnectionCaps& operator=(const ConnectionCaps&) = delete;

  /// nullopt when `total` is reached: answer 503 with Retry-After.
  [[nodiscard]] std::optional<ConnectionLease> acquire();

  [[nodiscard]] std::uint32_t total() const { return total_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t of_user(std::string_view user_id) const;
  [[nodiscard]] std::size_t users() const;
  [[nodiscard]] const ConnectionCapLimits& limits() const { return limits_; }

 private:
  friend class ConnectionLease;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  bool add_user(std::string_view user_id);
  void remove_user(std::string_view user_id);

  const ConnectionCapLimits limits_;
  std::atomic<std::uint32_t> total_{0};
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> users_;
};

}  // namespace tidewire
