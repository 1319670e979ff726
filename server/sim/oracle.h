#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sometimes.h"

namespace tidewire::sim {

/// A promise was broken; the run ends and its seed is told.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where an event stands: `{epoch, offset}` of one channel.
struct Position {
  std::string epoch;
  std::uint64_t offset = 0;
  auto operator<=>(const Position&) const = default;
};

/// What the world knows to be true: which event each position names, what has been acknowledged,
/// what each producer meant to say.
///
/// Rules: a position names one event for ever; an event has one position in an epoch; an
///        acknowledged event is at every subscriber that was not told of a gap.
class Oracle {
 public:
  /// An event stands at a position: told by an `ack`, a delivery, a recovery or a page of history.
  void saw(const std::string& channel, const Position& position, const std::string& event);
  /// The publisher was told that its event stands there.
  void acknowledged(const std::string& channel, const Position& position, const std::string& event);

  /// A subscriber has everything of `epoch` from `first` to `last`, and nothing else.
  void check_complete(const std::string& who, const std::string& channel, const std::string& epoch,
                      std::uint64_t first, std::uint64_t last,
                      const std::map<std::uint64_t, std::string>& got) const;

  /// What the producer of a growing message means to say in all.
  void intends(const std::string& message_id, std::string text) {
    intended_[message_id] = std::move(text);
  }
  /// A durable message that a growing one has become.
  void check_message(const std::string& message_id, const std::string& content,
                     const std::string& status) const;

  void reach(Reached what) { sometimes_.reach(what); }
  /// Of everything that was seen, in its order: equal for two runs of one seed.
  [[nodiscard]] std::size_t digest() const { return digest_; }
  [[nodiscard]] const Sometimes& sometimes() const { return sometimes_; }

 private:
  struct ChannelTruth {
    std::map<Position, std::string> events;
    std::map<std::pair<std::string, std::string>, std::uint64_t> offsets;  // by epoch and event
    std::map<Position, std::string> acknowledged;
  };

  std::map<std::string, ChannelTruth> channels_;
  std::map<std::string, std::string> intended_;
  Sometimes sometimes_;
  std::size_t digest_ = 0;
};

}  // namespace tidewire::sim
