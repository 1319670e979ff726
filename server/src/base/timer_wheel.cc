#include "base/timer_wheel.h"

#include <algorithm>

namespace tidewire {
void Timer::cancel() {
  if (previous_ == nullptr) return;
  *previous_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  next_ = nullptr;
  previous_ = nullptr;
}

TimerWheel::TimerWheel(MonoMillis now_ms) : slots_(kSlots, nullptr), tick_(now_ms / kTickMs) {}

TimerWheel::~TimerWheel() {
  for (Timer*& head : slots_)
    while (head != nullptr) head->cancel();
}

void TimerWheel::schedule(Timer& timer, MonoMillis due_ms) {
  timer.cancel();
  timer.due_ms_ = due_ms;
  const MonoMillis tick = std::max((due_ms + kTickMs - 1) / kTickMs, tick_);
  wake_tick_ = std::min(wake_tick_, tick_ + (tick - tick_) % static_cast<MonoMillis>(kSlots));
  Timer*& head = slots_[static_cast<std::size_t>(tick) % kSlots];
  timer.next_ = head;
  timer.previous_ = &head;
  if (head != nullptr) head->previous_ = &timer.next_;
  head = &timer;
}

void TimerWheel::advance(MonoMillis now_ms) {
  const MonoMillis last = now_ms / kTickMs;
  // After a long pause one turn of the wheel visits every slot.
  tick_ = std::max(tick_, last - static_cast<MonoMillis>(kSlots) + 1);
  while (tick_ <= last) {
    const std::size_t slot = static_cast<std::size_t>(tick_) % kSlots;
    ++tick_;  // what a callback schedules for now goes into the next tick
    run_slot(slot, now_ms);
  }
}

MonoMillis TimerWheel::wake_ms() {
  const MonoMillis end = tick_ + static_cast<MonoMillis>(kSlots);
  wake_tick_ = std::max(wake_tick_, tick_);
  while (wake_tick_ < end && slots_[static_cast<std::size_t>(wake_tick_) % kSlots] == nullptr)
    ++wake_tick_;
  return wake_tick_ < end ? wake_tick_ * kTickMs : kNever;
}

void TimerWheel::run_slot(std::size_t slot, MonoMillis now_ms) {
  Timer* due = slots_[slot];
  slots_[slot] = nullptr;
  if (due != nullptr) due->previous_ = &due;
  while (due != nullptr) {
    Timer& timer = *due;
    timer.cancel();
    if (timer.due_ms_ <= now_ms) {
      timer.callback_(timer.owner_);
    } else {
      schedule(timer, timer.due_ms_);
    }
  }
}

}  // namespace tidewire
