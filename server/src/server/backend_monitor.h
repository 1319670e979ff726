#pragma once

#include <deque>
#include <vector>

#include "observability/backend_metrics.h"
#include "observability/metrics_registry.h"
#include "outbound/http_observer.h"

namespace tidewire {

/// Counts the calls of every HTTP backend.
///
/// Owner:  the Server; outlives the HttpClient and the last scrape. Thread: as HttpObserver says.
class BackendMonitor final : public outbound::HttpObserver {
 public:
  BackendMonitor(const std::vector<outbound::Backend>& backends, MetricsRegistry& registry);

  void on_refused(std::size_t backend, outbound::HttpFailure why) override;
  void on_start(std::size_t backend) override;
  void on_end(std::size_t backend, const outbound::HttpResult& result,
              std::int64_t took_us) override;
  void on_breaker(std::size_t backend, bool open) override;

 private:
  std::deque<BackendMetrics> metrics_;  // the registry keeps their addresses
};

}  // namespace tidewire
