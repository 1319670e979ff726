#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "observability/histogram.h"

namespace tidewire {

/// The powers of two that become the `le` bounds of a histogram, both included.
struct PowerRange {
  unsigned first;
  unsigned last;
};

/// Several shards' histograms added up.
class HistogramSum {
 public:
  void add(const Histogram& histogram);
  [[nodiscard]] std::uint64_t count_up_to(std::uint64_t ticks) const;
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  std::array<std::uint64_t, Histogram::kBuckets> buckets_{};
  std::uint64_t sum_ = 0;
};

/// Writes Prometheus' text format 0.0.4: a family's header, then its samples.
/// Names and help are ours and correct; label values are escaped, whatever they hold.
class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, std::int64_t value);
  void sample(Labels labels, double value);
  /// The buckets, the sum and the count, all with `labels`; `unit` is what one tick is in the base
  /// unit.
  void histogram(const HistogramSum& histogram, PowerRange powers, double unit, Labels labels = {});

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void name_and_labels(std::string_view suffix, Labels labels, std::string_view bound = {});

  std::string text_;
  std::string name_;
};

}  // namespace tidewire
