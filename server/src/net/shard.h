#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "base/timer_wheel.h"
#include "net/flushable.h"
#include "net/pollable.h"
#include "net/task_queue.h"
#include "net/unique_fd.h"

namespace boost::asio {
class io_context;
}

namespace tidewire::net {

/// A clock that is read once a turn: every event of a turn happens at the same time.
class TurnClock final : public Clock {
 public:
  [[nodiscard]] MonoMicros mono_us() const override {
    if (expired_) update();
    return mono_us_;
  }
  [[nodiscard]] WallMillis wall_ms() const override {
    if (expired_) update();
    return wall_ms_;
  }
  void update() const;
  /// The next reader reads the machine's clock.
  void expire() { expired_ = true; }

 private:
  mutable bool expired_ = true;
  mutable MonoMicros mono_us_ = 0;
  mutable WallMillis wall_ms_ = 0;
};

/// What one turn did, for the loop lag metric.
struct TurnStats {
  MonoMicros busy_us;    // from the first event to the last flush
  std::uint32_t events;  // readiness events handled
  std::uint32_t tasks;   // posted tasks run
};

/// One event loop on one thread, with everything that lives on it.
///
/// A turn is: readiness events, posted tasks, due timers, turn-end flushes, destruction of what was
/// retired. Client sockets live in one epoll set, drained with epoll_wait(0); an Asio context
/// watches that set's descriptor and is where the shard sleeps, and where few-socket adapters
/// (HTTP, resolver, signals) live. While client sockets keep the shard busy, Asio is polled once a
/// millisecond, so its cost does not grow with the number of messages.
///
/// Owner:  ShardPool, or a test. Outlives everything that it watches.
/// Thread: the one that calls run(). post() and stop() may be called from any thread; everything
///         else from the shard's thread, or before run() starts.
class Shard {
 public:
  static constexpr std::size_t kReadBufferBytes = 262'144;
  static constexpr std::size_t kReadPaddingBytes = 64;  // readable bytes behind read_buffer()
  static constexpr int kEventsPerTurn = 1024;

  /// Throws std::system_error when the system gives no descriptors.
  explicit Shard(std::size_t index = 0);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  [[nodiscard]] std::size_t index() const { return index_; }
  /// The shard that runs on the calling thread; nullptr on any other thread.
  [[nodiscard]] static Shard* current();

  // From any thread.

  /// Runs `task` on this shard. The tasks of one thread run in the order in which it posted them.
  /// Never blocks. Tasks that are still waiting when the shard is destroyed are destroyed unrun.
  void post(Task task);
  /// Ends run() after the turn in progress. A stop before run() ends it at once.
  void stop();

  // Running it.

  /// Turns until stop(); sleeps while there is nothing to do.
  void run();
  /// One turn, for tests: sleeps at most `wait_ms` when nothing is ready.
  void run_turn(MonoMillis wait_ms);

  // On the shard.

  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] TimerWheel& timers() { return timers_; }
  [[nodiscard]] boost::asio::io_context& io_context();
  /// One buffer for every read; what is in it is gone with the next read.
  [[nodiscard]] std::span<char> read_buffer() { return {read_buffer_.get(), kReadBufferBytes}; }

  /// Starts watching `fd` for both directions, edge-triggered; what is ready already is told in
  /// the next turn. False (and errno) when the kernel refuses.
  [[nodiscard]] bool watch(int fd, Pollable& pollable);
  /// Stops watching; no further call reaches it, not even for an event of this turn. Before the
  /// descriptor is closed.
  void unwatch(Pollable& pollable);
  /// Calls on_ready(true, false) in the next turn, which follows at once. Idempotent.
  void again(Pollable& pollable);
  /// Calls on_turn_end() after this turn's events and tasks. Idempotent.
  void at_turn_end(Flushable& flushable) { flushes_.add(flushable); }

  /// Destroys `object` when the turn is over, so that it may be retired from its own callback.
  template <typename T>
  void retire(std::unique_ptr<T> object) {
    if (object)
      retired_.emplace_back(object.release(),
                            [](void* pointer) { delete static_cast<T*>(pointer); });
  }

  /// Called after every turn that did something. Set before run().
  void observe_turns(std::function<void(const TurnStats&)> observer) {
    observer_ = std::move(observer);
  }

 private:
  struct Asio;
  using Retired = std::unique_ptr<void, void (*)(void*)>;

  bool turn();
  std::uint32_t handle_events();
  void handle_again();
  void finish_turn();
  [[nodiscard]] bool has_work() const;
  void sleep(MonoMillis wait_ms);
  void poll_asio();
  void restart_asio();
  void wake();

  const std::size_t index_;
  TurnClock clock_;
  TimerWheel timers_;
  TaskQueue tasks_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopped_{false};

  UniqueFd epoll_;
  UniqueFd wake_fd_;
  std::unique_ptr<Asio> asio_;
  std::unique_ptr<char[]> read_buffer_;

  std::vector<Pollable*> ready_;  // the batch being handled, by event slot
  std::vector<Pollable*> again_;
  FlushList flushes_;
  std::vector<Retired> retired_;
  std::function<void(const TurnStats&)> observer_;
  MonoMicros asio_polled_us_ = 0;
};

}  // namespace tidewire::net
