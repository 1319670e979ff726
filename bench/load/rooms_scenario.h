#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/frames.h"
#include "load/room.h"
#include "load/scenario.h"

namespace tidewire::bench {

/// Everything that moves messages: rooms of members, one of which publishes. One room of many is a
/// fan-out; many rooms of one, on an echo URL, an echo.
///
/// Checked for every delivery: it belongs to the receiver's room and its sequence number is the
/// next one (no gap, no reorder, no duplicate); after every phase, that all have received all.
/// Latency counts from the moment at which the message was due, not from when it was sent, so a
/// stall of the server is charged to every message that it delayed (no coordinated omission).
/// With `--stalled N`, N more members of the first room never read; they must still hold unread
/// bytes at the end, and nothing else is checked of them.
class RoomsScenario final : Scenario {
 public:
  RoomsScenario(const Options& options, const Dialect& dialect);

  /// Connects, runs the phases, and returns the results as JSON. Ends with exit code 1 and the
  /// reason on standard error when connecting fails.
  std::string run();

 private:
  void on_message(std::uint32_t link, std::string_view payload, std::int64_t now) override;

  void connect_all();
  void check_offset(std::uint32_t link, std::string_view payload, std::int64_t now);
  std::string run_phase(const Phase& phase);
  void keep_going(const Phase& phase, std::int64_t until);
  bool drain();
  void publish(std::uint32_t room, std::int64_t due_us);
  void refill(std::uint32_t room);
  [[nodiscard]] double rate_of(const Phase& phase) const;
  [[nodiscard]] std::string faults() const;

  std::vector<Room> rooms_;
  std::vector<StampedFrame> frames_;  // one a room

  bool running_ = false;  // closed loop: an arrival makes the next one leave
  bool per_room_ = false;
  bool recording_ = false;
  std::uint32_t next_room_ = 0;
  std::int64_t next_due_us_ = 0;
  std::int64_t record_from_us_ = 0;

  std::uint64_t deliveries_ = 0;
  std::uint64_t bytes_ = 0;  // of the messages delivered
  std::uint64_t published_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t repeats_ = 0;  // duplicates and messages out of order
  std::uint64_t strays_ = 0;   // of another room, or from nowhere
  std::uint64_t undelivered_ = 0;
  std::uint64_t misplaced_ = 0;  // an offset that is not the next one
  double first_rate_ = 0;
  Histogram latency_;
};

}  // namespace tidewire::bench
