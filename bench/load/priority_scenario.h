#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/frames.h"
#include "load/scenario.h"
#include "load/tidewire_dialect.h"

namespace tidewire::bench {

/// The subscriber joins two rooms at once: kFlood, and kProbes of the durable namespace.
class PriorityDialect final : public TidewireDialect {
 public:
  static constexpr std::uint32_t kFlood = 0, kProbes = 1, kNobody = 2;
  explicit PriorityDialect(const Options& options);
  [[nodiscard]] std::string join(std::uint32_t room) const override;
  [[nodiscard]] Joined on_reply(std::string_view payload) const override;
  [[nodiscard]] std::string publish(std::uint32_t room, std::string_view content) const override;

 private:
  TidewireDialect durable_;
  std::string priority_;
};

/// One subscriber whose link is too narrow: it reads a fixed number of bytes a second, while twice
/// that is published to it at normal priority (ephemeral, so what does not fit is dropped and the
/// queue stays as it is). Between that, 100 small durable messages a second: the probes.
///
/// Checked: no probe is lost, repeated or out of order; the flood keeps its order; some of it is
/// dropped, or the link was not saturated and the run says nothing.
class PriorityScenario final : Scenario {
 public:
  PriorityScenario(const Options& options, const PriorityDialect& dialect);
  std::string run();

 private:
  /// One of the two kinds of messages.
  struct Kind {
    StampedFrame frame;
    double per_s;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t next_sequence = 0;
    std::uint64_t missing = 0;
    Histogram latency;
  };

  void on_message(std::uint32_t link, std::string_view payload, std::int64_t now) override;
  void keep_going(std::int64_t until, bool publishing);
  void send_due(std::uint32_t room, std::int64_t now);
  void read_share(std::int64_t now);
  [[nodiscard]] std::string faults() const;

  Kind kinds_[2];
  std::int64_t began_us_ = 0;
  std::int64_t record_from_us_ = 0;
  std::int64_t read_at_us_ = 0;
  double budget_ = 0;  // bytes that the link may carry now
  std::uint64_t repeats_ = 0;
};

}  // namespace tidewire::bench
