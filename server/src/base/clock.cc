#include "base/clock.h"

#include <ctime>

namespace tidewire {
namespace {

std::int64_t read_us(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

MonoMicros SystemClock::mono_us() const { return read_us(CLOCK_MONOTONIC); }
WallMillis SystemClock::wall_ms() const { return read_us(CLOCK_REALTIME) / 1000; }

}  // namespace tidewire
