#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace tidewire::outbound {

struct BreakerLimits {
  std::uint32_t failures = 5;    // in a row that open it
  std::int64_t open_ms = 5'000;  // before the next attempt
};

/// Spares a backend that fails: after `failures` in a row nothing is sent for `open_ms`; then one
/// call is let through, and its outcome closes or opens the breaker again.
///
/// Owner:  one HttpClient, one a backend. Thread: that client's. Pure: time is given.
/// Order:  every permit ends in exactly one of succeeded(), failed() and abandoned(). What was
///         permitted before the breaker changed its mind does not count any more.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };
  /// The life of the breaker's state in which a call was let through.
  using Permit = std::uint64_t;

  explicit CircuitBreaker(const BreakerLimits& limits) : limits_(limits) {}

  /// nullopt: not now.
  [[nodiscard]] std::optional<Permit> admit(MonoMillis now);
  void succeeded(Permit permit);
  void failed(Permit permit, MonoMillis now);
  /// The call ended without telling anything of the backend: it was cancelled.
  void abandoned(Permit permit);

  [[nodiscard]] State state() const { return state_; }
  /// How long until a call may be let through; 0 when one may now, or when one is on trial.
  [[nodiscard]] std::int64_t retry_after_ms(MonoMillis now) const;

 private:
  void enter(State state);

  BreakerLimits limits_;
  State state_ = State::closed;
  Permit life_ = 0;
  std::uint32_t failures_ = 0;
  bool on_trial_ = false;  // half-open: the one call is on its way
  MonoMillis open_until_ = 0;
};

}  // namespace tidewire::outbound
