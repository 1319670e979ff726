#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "answer.h"
#include "ledger.h"
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

/// What may be expected of a world.
struct Expected {
  bool kept_on_disk = false;  // what was acknowledged survives the server
  bool kept_whole = false;    // nothing is trimmed
  std::uint64_t ack_attempts = 0;
};

/// What the world knows to be true: which event each position names, what has been acknowledged,
/// what each producer meant to say.
///
/// Rules: a position names one event for ever; an event has one position in an epoch, and so has a
///        message that has grown; an acknowledged event is at every subscriber that was not told of
///        a gap, and in the history; where there is a disk, a channel has one epoch for all that
///        was acknowledged. A version of shared state names one value.
class Oracle {
 public:
  void expect(const Expected& expected) { expected_ = expected; }

  /// An event stands at a position: told by a delivery, a recovery or a page of history.
  void saw(const std::string& channel, const Position& position, const nlohmann::json& payload);
  /// The publisher was told that its event stands there.
  void acknowledged(const std::string& channel, const Position& position,
                    const nlohmann::json& payload, std::uint64_t server_life);
  /// The producer was told that the last piece of its message is taken. `position`: of the whole,
  /// when that was told.
  void completed(const std::string& channel, const std::string& message_id,
                 const std::optional<Position>& position, std::uint64_t server_life);

  /// An event has become a dead letter.
  void saw_dead_letter(const nlohmann::json& letter);
  [[nodiscard]] bool is_dead(const std::string& channel, const Position& position,
                             const std::string& user) const {
    return dead_.contains({channel, position, user});
  }

  /// A value of shared state (`null`: none any more) in a life of a channel.
  void saw_state(const std::string& channel, const std::string& epoch, const std::string& key,
                 std::uint64_t version, const nlohmann::json& value);
  void state_acknowledged(const std::string& channel, const std::string& key, std::uint64_t version,
                          std::uint64_t server_life);
  /// Somebody has asked to delete this version of a key.
  void state_may_go(const std::string& channel, const std::string& key, std::uint64_t version);

  /// All that a channel keeps, up to its `top`.
  void check_history(const std::string& channel, const Position& top,
                     const std::map<std::uint64_t, std::string>& found) const;
  void check_state(const std::string& channel, const std::string& epoch,
                   const nlohmann::json& entries) const;

  /// A subscriber has everything of `epoch` from `first` to `last`, and nothing else.
  void check_complete(const std::string& who, const std::string& channel, const std::string& epoch,
                      std::uint64_t first, std::uint64_t last,
                      const std::set<std::uint64_t>& got) const;

  /// What the producer of a growing message means to say in all, with this start of it.
  void intends(const std::string& message_id, std::uint64_t generation,
               std::vector<AnswerPiece> pieces) {
    intended_[{message_id, generation}] = std::move(pieces);
  }
  /// A durable message that a growing one has become.
  void check_message(const std::string& message_id, std::uint64_t generation, const Answer& answer,
                     const std::string& status) const;

  /// The server has begun anew; what was only in its memory is gone.
  void server_restarts() { ++server_life_; }
  [[nodiscard]] std::uint64_t server_life() const { return server_life_; }
  /// The disk has lost what was not synced: of what earlier lives have
  /// acknowledged nothing is promised any more. Every channel begins a new
  /// epoch.
  void disk_begins_anew();

  [[nodiscard]] ReceiptLedger& receipts() { return receipts_; }
  [[nodiscard]] RpcLedger& rpc() { return rpc_; }
  [[nodiscard]] DirectLedger& direct() { return direct_; }

  void reach(Reached what) { sometimes_.reach(what); }
  /// Of everything that was seen, in its order: equal for two runs of one seed.
  [[nodiscard]] std::size_t digest() const { return digest_; }
  [[nodiscard]] const Sometimes& sometimes() const { return sometimes_; }

 private:
  struct StateTruth {
    std::uint64_t acknowledged = 0;
    std::uint64_t may_go = 0;
  };
  std::set<std::tuple<std::string, Position, std::string>> dead_;  // channel, and whose it is
  struct ChannelTruth {
    std::map<Position, std::string> events;
    std::map<std::pair<std::string, std::string>, std::uint64_t> offsets;   // by epoch and event
    std::map<std::pair<std::string, std::string>, std::uint64_t> messages;  // by epoch and id
    std::map<Position, std::string> acknowledged;
    std::map<std::string, std::optional<Position>> completed;               // by message id
    std::map<std::pair<std::string, std::uint64_t>, std::string> versions;  // by epoch
    std::map<std::string, StateTruth> state;                                // by key
  };

  void digest(const std::string& text);
  void epoch_is(const std::string& channel, ChannelTruth& truth, const Position& position) const;

  Expected expected_;
  std::map<std::string, ChannelTruth> channels_;
  std::map<std::pair<std::string, std::uint64_t>, std::vector<AnswerPiece>> intended_;
  std::uint64_t server_life_ = 0;
  std::uint64_t kept_since_ = 0;  // the first server life whose promises hold
  ReceiptLedger receipts_;
  RpcLedger rpc_;
  DirectLedger direct_;
  Sometimes sometimes_;
  std::size_t digest_ = 0;
};

}  // namespace tidewire::sim
