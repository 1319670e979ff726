#pragma once

#include <limits>

#include "base/timer_wheel.h"
#include "session/batch_limits.h"

namespace tidewire {

/// The wait of one connection whose messages leave in batches: what comes after a quiet time leaves
/// at once, what comes within the delay after a write waits for its end, unless the batch is full.
///
/// Owner: its Connection. Thread: the shard's.
class BatchWindow {
 public:
  /// `fire` is called with `owner` when the wait is over.
  BatchWindow(Timer::Callback fire, void* owner) : timer_(fire, owner) {}

  /// Whether what waits may leave now; if not, `fire` will be called.
  [[nodiscard]] bool ready(const BatchLimits& batch, std::size_t queued_messages,
                           std::size_t queued_bytes, MonoMillis now, TimerWheel& timers) {
    const MonoMillis due = written_ms_ + batch.delay_ms;
    if (now >= due || batch.full(queued_messages, queued_bytes)) return true;
    if (!timer_.waiting() || due < due_ms_) {
      due_ms_ = due;
      timers.schedule(timer_, due);
    }
    return false;
  }

  void written(MonoMillis now) {
    timer_.cancel();
    written_ms_ = now;
  }
  void cancel() { timer_.cancel(); }

 private:
  Timer timer_;
  MonoMillis due_ms_ = 0;
  MonoMillis written_ms_ = std::numeric_limits<MonoMillis>::min() / 2;
};

}  // namespace tidewire
