#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/clock.h"

namespace tidewire {

class TimerWheel;

/// One deadline of one owner, linked into a wheel while it waits. Destroying it cancels it.
///
/// Owner: the object whose deadline it is; never moved. Thread: the wheel's.
class Timer {
 public:
  using Callback = void (*)(void* owner);

  Timer(Callback callback, void* owner) : callback_(callback), owner_(owner) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void cancel();
  [[nodiscard]] bool waiting() const { return previous_ != nullptr; }

 private:
  friend class TimerWheel;

  Callback callback_;
  void* owner_;
  Timer* next_ = nullptr;
  Timer** previous_ = nullptr;  // the pointer that points at this timer
  MonoMillis due_ms_ = 0;
};

/// Deadlines in slots of kTickMs: scheduling and cancelling cost a few pointers whatever the
/// number of timers, which is what 100,000 heartbeats need (Varghese and Lauck, 1987, scheme 6).
///
/// Time: a timer fires at its deadline or up to one tick later, never before.
/// Order: timers of one tick fire in no particular order; a callback may schedule and cancel any.
class TimerWheel {
 public:
  static constexpr MonoMillis kTickMs = 8;
  static constexpr std::size_t kSlots = 8192;  // one turn is 65 s; later deadlines wait more turns

  explicit TimerWheel(MonoMillis now_ms);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// (Re)schedules `timer` for `due_ms`; a deadline in the past fires at the next advance().
  void schedule(Timer& timer, MonoMillis due_ms);

  /// Fires everything due at `now_ms`.
  void advance(MonoMillis now_ms);

  /// How long an event loop may sleep: nothing fires before this moment. kNever when nothing
  /// waits. Costs a scan of at most one turn, and only after the last answer's slot has emptied.
  static constexpr MonoMillis kNever = std::numeric_limits<MonoMillis>::max();
  [[nodiscard]] MonoMillis wake_ms();

 private:
  void run_slot(std::size_t slot, MonoMillis now_ms);

  std::vector<Timer*> slots_;
  MonoMillis tick_;           // the next tick to run
  MonoMillis wake_tick_ = 0;  // no slot between tick_ and this one holds a timer
};

}  // namespace tidewire
