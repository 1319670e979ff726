#pragma once

#include <atomic>
#include <cstdint>

#include "observability/counter.h"
#include "observability/histogram.h"

namespace tidewire {

/// What the writer of the history file counts. Thread: the writer's, but for `queue_bytes`, which
/// any shard changes; read by the registry from any thread.
struct StoreMetrics {
  Histogram commit_seconds;  // one transaction, with the disk
  Histogram group_size;      // changes in one transaction
  Counter changes;           // stored
  Counter failures;          // transactions that were not stored
  std::atomic<std::int64_t> queue_bytes{0};
};

}  // namespace tidewire
