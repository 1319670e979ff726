#pragma once

#include <cstdint>

namespace tidewire {

/// Milliseconds or microseconds since an arbitrary start; only differences mean something.
using MonoMillis = std::int64_t;
using MonoMicros = std::int64_t;
/// Milliseconds since 1970-01-01 UTC.
using WallMillis = std::int64_t;

/// Where time comes from. Every layer above net/ asks a Clock and never the system, so that tests
/// and the simulation decide what time it is.
///
/// Thread: an implementation belongs to one shard.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonoMicros mono_us() const = 0;
  [[nodiscard]] virtual WallMillis wall_ms() const = 0;
  [[nodiscard]] MonoMillis mono_ms() const { return mono_us() / 1000; }
};

/// The machine's clocks (CLOCK_MONOTONIC and CLOCK_REALTIME), read at every call.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonoMicros mono_us() const override;
  [[nodiscard]] WallMillis wall_ms() const override;
};

/// A clock that stands still until told otherwise.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] MonoMicros mono_us() const override { return mono_us_; }
  [[nodiscard]] WallMillis wall_ms() const override { return wall_ms_; }
  void advance_ms(std::int64_t ms) {
    mono_us_ += ms * 1000;
    wall_ms_ += ms;
  }
  void set_wall_ms(WallMillis ms) { wall_ms_ = ms; }

 private:
  MonoMicros mono_us_ = 1'000'000;
  WallMillis wall_ms_ = 1'750'000'000'000;
};

}  // namespace tidewire
