#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/clock.h"
#include "base/task.h"

namespace tidewire::sim {

/// What will happen, and when: the world's time only moves from one event to the next.
///
/// Order: events of one moment happen in the order they were planned.
class Schedule {
 public:
  [[nodiscard]] MonoMillis now() const { return clock_.mono_ms(); }
  [[nodiscard]] FakeClock& clock() { return clock_; }

  void after(std::int64_t ms, Task task) {
    events_.emplace(std::pair(now() + ms, ++planned_), std::move(task));
  }
  [[nodiscard]] MonoMillis next_at(MonoMillis otherwise) const {
    return events_.empty() ? otherwise : events_.begin()->first.first;
  }
  void advance_to(MonoMillis moment) {
    if (moment > now()) clock_.advance_ms(moment - now());
  }
  /// Runs one event that is due; false when none is.
  bool run_due() {
    if (events_.empty() || events_.begin()->first.first > now()) return false;
    Task task = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    task();
    return true;
  }

 private:
  FakeClock clock_;
  std::uint64_t planned_ = 0;
  std::map<std::pair<MonoMillis, std::uint64_t>, Task> events_;
};

}  // namespace tidewire::sim
