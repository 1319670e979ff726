#pragma once

#include "observability/metrics_text.h"

namespace tidewire {

/// Writes the process metrics under the names that Prometheus' client libraries share
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), from /proc.
/// A value that cannot be read is left out. Thread: any.
void write_process_metrics(MetricsText& out);

}  // namespace tidewire
