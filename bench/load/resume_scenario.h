#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/scenario.h"
#include "load/tidewire_dialect.h"

namespace tidewire::bench {

/// Everybody connects without subscribing.
class ResumeDialect final : public TidewireDialect {
 public:
  using TidewireDialect::TidewireDialect;
  [[nodiscard]] std::string join(std::uint32_t /*room*/) const override { return {}; }
  /// A publication whose `id` is its stamp when an `ack` is wanted.
  [[nodiscard]] std::string message(std::uint32_t room, std::string_view stamp,
                                    std::string_view filler, bool acked) const;
};

/// Clients that were away: each room gets `missed` messages after a known position, then
/// subscribers come with that position. First one at a time, each to a room of its own that nobody
/// has touched, then all at once, several to a room.
///
/// Checked: every answer says `recovered` and holds every message of the room once and in order.
/// Time counts from when `subscribe` was queued until the answer was read.
class ResumeScenario final : Scenario {
 public:
  ResumeScenario(const Options& options, const ResumeDialect& dialect);
  /// With `pause`, prints "filled" and waits for a line on standard input before anybody resumes.
  std::string run();

 private:
  struct Position {
    std::string epoch;
    std::uint64_t offset = 0;
  };

  void on_message(std::uint32_t link, std::string_view payload, std::int64_t now) override;
  void on_ack(std::string_view payload);
  void on_subscribed(std::uint32_t link, std::string_view payload, std::int64_t now);
  void fill();
  void publish(std::uint32_t room, bool acked);
  void resume(std::uint32_t link);
  [[nodiscard]] std::string alone();
  [[nodiscard]] std::string at_once();
  [[nodiscard]] std::string phase(const char* name, const Stretch& stretch, std::uint32_t clients);

  const ResumeDialect& resume_dialect_;
  std::uint32_t room_count_;
  std::string filler_;
  std::vector<Position> since_;           // of each room: before what was missed
  std::vector<std::uint64_t> published_;  // in each room
  std::vector<std::int64_t> asked_us_;    // of each link
  std::uint64_t acks_ = 0;
  std::uint64_t answers_ = 0;
  std::uint64_t wrong_ = 0;  // answers with a hole, a repeat or something else
  Histogram latency_;
};

}  // namespace tidewire::bench
