#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "observability/backend_metrics.h"
#include "observability/server_metrics.h"
#include "observability/store_metrics.h"

namespace tidewire {

/// What is true of the process and not of one shard; written by the main thread or any other.
struct ProcessMetrics {
  std::atomic<std::uint64_t> config_reloads{0};
  std::atomic<bool> last_reload_succeeded{true};
  std::atomic<bool> draining{false};
};

/// Sums the shards' metrics and writes them in Prometheus' text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/): base units, `_total` on
/// counters, every label value out of a closed set.
///
/// Owner:   the server; it keeps pointers, the shards keep the metrics.
/// Thread:  add_shard() before the shards run; text() from any thread. A scrape sees every counter
///          at a slightly different moment, but each only ever grows.
class MetricsRegistry {
 public:
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

  void add_shard(const ServerMetrics& metrics) { shards_.push_back(&metrics); }
  /// Before the shards run; without it there are no metrics of a history file.
  void set_store(const StoreMetrics& metrics) { store_ = &metrics; }
  /// Before the shards run; the metrics outlive the last scrape.
  void add_backend(const BackendMetrics& metrics) { backends_.push_back(&metrics); }
  [[nodiscard]] ProcessMetrics& process() { return process_; }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<const ServerMetrics*> shards_;
  const StoreMetrics* store_ = nullptr;
  std::vector<const BackendMetrics*> backends_;
  ProcessMetrics process_;
};

}  // namespace tidewire
