#include "server/backend_monitor.h"

#include <chrono>
#include <utility>

namespace tidewire {
namespace {

constexpr auto kFailures = std::to_underlying(CallLabel::unreachable);
static_assert(std::to_underlying(CallLabel::cancelled) - kFailures ==
              std::to_underlying(outbound::HttpFailure::cancelled));

CallLabel label_of(const outbound::HttpResult& result) {
  if (!result) return static_cast<CallLabel>(kFailures + std::to_underlying(result.error().kind));
  return static_cast<CallLabel>(status_label(static_cast<unsigned>(result->status)));
}

}  // namespace

BackendMonitor::BackendMonitor(const std::vector<outbound::Backend>& backends,
                               MetricsRegistry& registry) {
  for (const outbound::Backend& backend : backends)
    registry.add_backend(metrics_.emplace_back(backend.name));
}

void BackendMonitor::on_refused(std::size_t backend, outbound::HttpFailure why) {
  if (why == outbound::HttpFailure::overloaded) {
    metrics_[backend].overloaded.fetch_add(1, std::memory_order_relaxed);
  } else {
    metrics_[backend].calls[CallLabel::breaker_open].add();
  }
}

void BackendMonitor::on_start(std::size_t backend) { metrics_[backend].running.add(); }

void BackendMonitor::on_end(std::size_t backend, const outbound::HttpResult& result,
                            std::int64_t took_us) {
  BackendMetrics& metrics = metrics_[backend];
  metrics.running.sub();
  metrics.calls[label_of(result)].add();
  metrics.call_seconds.record(std::chrono::microseconds(took_us));
}

void BackendMonitor::on_breaker(std::size_t backend, bool open) {
  metrics_[backend].breaker_open.store(open, std::memory_order_relaxed);
}

}  // namespace tidewire
