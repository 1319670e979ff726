#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/scenario.h"
#include "load/stamp.h"
#include "load/tidewire_dialect.h"

namespace tidewire::bench {

/// Subscribers join with a roll-up; producers do not join.
class StreamsDialect final : public TidewireDialect {
 public:
  explicit StreamsDialect(const Options& options);
  [[nodiscard]] std::string join(std::uint32_t room) const override;
  [[nodiscard]] std::string piece(std::uint32_t room, std::string_view message_id,
                                  std::uint32_t index, bool last, std::string_view content) const;

 private:
  std::uint32_t rooms_;
  std::string join_payload_;
};

/// Answers of a language model: one growing message at a time in each room, read by one subscriber,
/// written by a few producers. Open loop: each room's pieces are due at a fixed rate, the rooms
/// evenly after each other.
///
/// A piece's text is its stamp, so a rolled-up piece shows which pieces it was folded from.
/// Checked: every subscriber gets every piece of its room once and in order, and the whole message
/// after the last one. Latency counts from when a piece was due until its text arrives.
class StreamsScenario final : Scenario {
 public:
  StreamsScenario(const Options& options, const StreamsDialect& dialect);
  std::string run();

 private:
  struct Growing {
    std::uint64_t sequence = 0;    // of the room's next piece
    std::uint32_t next_index = 1;  // in its message
    std::uint32_t message = 0;
  };

  void on_message(std::uint32_t link, std::string_view payload, std::int64_t now) override;
  void take(Link& link, const Stamp& stamp, std::int64_t now);
  void keep_going(std::int64_t until);
  void send(std::uint32_t room, std::int64_t due_us, bool last);
  [[nodiscard]] std::int64_t due_of(std::uint64_t piece) const;
  [[nodiscard]] std::string faults() const;

  const StreamsDialect& stream_dialect_;
  std::string run_id_;  // in message ids: the server may remember those of another run
  std::vector<Growing> rooms_;
  Histogram latency_;
  std::int64_t began_us_ = 0;
  std::int64_t record_from_us_ = 0;
  std::int64_t record_to_us_ = 0;
  std::uint64_t sent_ = 0;       // pieces
  std::uint64_t completed_ = 0;  // messages
  std::uint64_t received_ = 0;   // pieces, counted by their text
  std::uint64_t frames_ = 0;     // that they came in
  std::uint64_t whole_ = 0;      // messages
  std::uint64_t gaps_ = 0;
  std::uint64_t repeats_ = 0;
  std::uint64_t strays_ = 0;
};

}  // namespace tidewire::bench
