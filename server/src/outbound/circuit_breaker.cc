#include "outbound/circuit_breaker.h"

#include <algorithm>

namespace tidewire::outbound {

void CircuitBreaker::enter(State state) {
  state_ = state;
  ++life_;
  failures_ = 0;
  on_trial_ = false;
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::admit(MonoMillis now) {
  if (state_ == State::open && now >= open_until_) enter(State::half_open);
  switch (state_) {
    case State::closed:
      return life_;
    case State::open:
      return std::nullopt;
    case State::half_open:
      if (on_trial_) return std::nullopt;
      on_trial_ = true;
      return life_;
  }
  return std::nullopt;
}

void CircuitBreaker::succeeded(Permit permit) {
  if (permit != life_) return;
  if (state_ == State::half_open) return enter(State::closed);
  failures_ = 0;
}

void CircuitBreaker::failed(Permit permit, MonoMillis now) {
  if (permit != life_) return;
  if (state_ == State::closed && ++failures_ < limits_.failures) return;
  enter(State::open);
  open_until_ = now + limits_.open_ms;
}

void CircuitBreaker::abandoned(Permit permit) {
  if (permit == life_) on_trial_ = false;
}

std::int64_t CircuitBreaker::retry_after_ms(MonoMillis now) const {
  return state_ == State::open ? std::max<std::int64_t>(0, open_until_ - now) : 0;
}

}  // namespace tidewire::outbound
