#pragma once

#include <cstdint>
#include <vector>

namespace tidewire::bench {

/// User and system time that these processes have used so far, in microseconds. The kernel counts
/// in ticks of 10 ms, so a window should last seconds.
[[nodiscard]] std::int64_t cpu_us(const std::vector<int>& pids);

}  // namespace tidewire::bench
