#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "observability/histogram.h"
#include "observability/labels.h"

namespace tidewire {

/// What is counted of one HTTP service of the application: an RPC backend or a hook.
///
/// Thread: one thread writes, but for `overloaded`, which any shard adds to; read by the registry
///         from any thread.
struct BackendMetrics {
  explicit BackendMetrics(std::string label) : name(std::move(label)) {}

  std::string name;  // out of the configuration: `rpc.<name>` or `hooks.<kind>`
  ByLabel<CallLabel> calls;
  std::atomic<std::uint64_t> overloaded{0};  // calls that ended so; not in `calls`
  Histogram call_seconds;                    // sent to answered or failed
  Gauge running;
  std::atomic<bool> breaker_open{false};  // or on trial
};

}  // namespace tidewire
