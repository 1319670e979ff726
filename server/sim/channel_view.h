#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "oracle.h"

namespace tidewire::sim {

/// How a subscriber has asked for growing messages.
enum class ViewMode : std::uint8_t { as_configured, live, rolled_up, conflated, final };

/// What one client has been shown of one channel, judged as it comes in: the contract of
/// protocol.md from the reader's side, written a second time and on purpose not with the
/// product's code.
///
/// Rules: durable events come once and in order, or the reader is told of a gap; pieces of a
///        growing message join without a hole; the whole equals its pieces.
class ChannelView {
 public:
  /// `buries`: what is sent in vain too often becomes a dead letter, and nobody tells this reader.
  ChannelView(std::string who, std::string user, std::string channel, bool buries, Oracle& oracle)
      : who_(std::move(who)),
        user_(std::move(user)),
        channel_(std::move(channel)),
        buries_(buries),
        oracle_(oracle) {}

  void set_mode(ViewMode mode) { mode_ = mode; }
  [[nodiscard]] ViewMode mode() const { return mode_; }

  /// The reply (or the push) that a subscription begins with.
  void on_subscribed(const nlohmann::json& payload);
  void on_event(const nlohmann::json& event);
  /// The subscription has ended: what grows is unknown until the next snapshot.
  void on_unsubscribed();

  /// Nothing is missing at the end, and the state is that of the server.
  void check(const Position& top) const;
  void check_state(const nlohmann::json& entries) const;

  [[nodiscard]] bool has_position() const { return !position_.epoch.empty(); }
  [[nodiscard]] const Position& position() const { return position_; }
  /// Growing messages that this reader sees, for somebody who wants to cancel one.
  [[nodiscard]] std::vector<std::string> growing() const;
  /// The version of a state key, 0 when there is none.
  [[nodiscard]] std::uint64_t version_of(const std::string& key) const;

 private:
  struct Growing {
    Answer answer;
    std::uint64_t generation = 0;
    std::uint64_t rev = 0;
    bool complete = false;
  };

  void on_durable(const nlohmann::json& event);
  void on_piece(const nlohmann::json& payload);
  void on_state(const nlohmann::json& payload);
  void on_cursor(const nlohmann::json& payload);
  void begin_at(const Position& position);
  void skip_buried(std::uint64_t up_to);
  [[noreturn]] void fail(const std::string& what) const;

  std::string who_;
  std::string user_;
  std::string channel_;
  bool buries_;
  Oracle& oracle_;
  ViewMode mode_ = ViewMode::as_configured;
  bool subscribing_ = false;  // what comes now is part of the reply
  Position position_;
  std::uint64_t first_ = 1;  // of the epoch, what this reader has to have
  std::set<std::uint64_t> got_;
  std::set<Position> buried_;  // never came: has to be dead letters
  std::map<std::string, Growing> growing_;
  std::map<std::string, std::pair<std::uint64_t, std::string>> state_;  // version and value
  std::map<std::string, Cursor> cursors_;  // of this subscription, by user
};

}  // namespace tidewire::sim
