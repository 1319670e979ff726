#include "observability/metrics_text.h"

#include <iterator>

#include <fmt/format.h>

namespace tidewire {
namespace {

void append_label_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

}  // namespace

void HistogramSum::add(const Histogram& histogram) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += histogram.count(i);
  sum_ += histogram.sum();
}

std::uint64_t HistogramSum::count_up_to(std::uint64_t ticks) const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= Histogram::bucket_of(ticks); ++i) total += buckets_[i];
  return total;
}

std::uint64_t HistogramSum::count() const {
  std::uint64_t total = 0;
  for (const std::uint64_t bucket : buckets_) total += bucket;
  return total;
}

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::name_and_labels(std::string_view suffix, Labels labels, std::string_view bound) {
  text_ += name_;
  text_ += suffix;
  char separator = '{';
  const auto add = [&](std::string_view name, std::string_view value) {
    text_ += separator;
    text_ += name;
    text_ += "=\"";
    append_label_value(text_, value);
    text_ += '"';
    separator = ',';
  };
  for (const auto& [name, value] : labels) add(name, value);
  if (!bound.empty()) add("le", bound);
  text_ += separator == ',' ? "} " : " ";
}

void MetricsText::sample(Labels labels, std::uint64_t value) {
  name_and_labels({}, labels);
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void MetricsText::sample(Labels labels, std::int64_t value) {
  name_and_labels({}, labels);
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void MetricsText::sample(Labels labels, double value) {
  name_and_labels({}, labels);
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void MetricsText::histogram(const HistogramSum& histogram, PowerRange powers, double unit,
                            Labels labels) {
  for (unsigned power = powers.first; power <= powers.last; ++power) {
    const std::uint64_t bound = std::uint64_t{1} << power;
    name_and_labels("_bucket", labels, fmt::format("{:.9g}", static_cast<double>(bound) * unit));
    fmt::format_to(std::back_inserter(text_), "{}\n", histogram.count_up_to(bound));
  }
  name_and_labels("_bucket", labels, "+Inf");
  fmt::format_to(std::back_inserter(text_), "{}\n", histogram.count());
  name_and_labels("_sum", labels);
  fmt::format_to(std::back_inserter(text_), "{}\n", static_cast<double>(histogram.sum()) * unit);
  name_and_labels("_count", labels);
  fmt::format_to(std::back_inserter(text_), "{}\n", histogram.count());
}

}  // namespace tidewire
