#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hub/channel_scope.h"
#include "hub/state_request.h"

namespace tidewire {

/// The shared state of one channel, and the events that tell of its changes.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Order:  a change is checked when the one before it is stored, and exists for readers from the
///         moment that it is stored itself. read() sees every change that was asked for before.
/// Limit:  ChannelLimits::state; kWaitingMax changes and reads that wait, past it `overloaded`.
class ChannelState {
 public:
  static constexpr std::size_t kWaitingMax = 1'024;
  static constexpr MonoMillis kRetryMs = 1'000;  // after the store refused an expiry
  using Done = std::move_only_function<void(std::expected<StateChanged, Error>)>;
  using Read = std::move_only_function<void(std::expected<const StateTable*, Error>)>;

  /// `last_version` is the highest version that the state of an earlier life of the channel had,
  /// `kept` what was left of it.
  ChannelState(const ChannelScope& scope, std::uint64_t last_version,
               const std::vector<StoredState>& kept);

  /// Changes one key, stores that, and tells the subscribers.
  void change(StateChange change, Done done);
  /// Gives the table when the changes before it are stored or refused.
  void read(Read read);
  /// Lets the keys go whose time has come; when to call again, if ever.
  std::optional<MonoMillis> run_due();

  /// The event of each key that is, for who joins now.
  void add_to(std::vector<PublicationPtr>& snapshot) const;
  [[nodiscard]] const StateTable& table() const { return table_; }
  /// No key is, and no change waits for the store.
  [[nodiscard]] bool empty() const { return table_.empty() && waiting_.empty(); }

 private:
  struct Waiting {
    StateChange change;
    Done done;
    Read read = nullptr;  // then it is no change
  };

  [[nodiscard]] Waiting take_first();
  void store_next();
  [[nodiscard]] std::optional<Error> refusal(const StateChange& change) const;
  [[nodiscard]] std::expected<void, Error> store(const StateChange& change);
  void settle(const std::expected<void, Error>& stored);
  void expire(const std::string& key);
  StateChanged apply(const StateChange& change);
  [[nodiscard]] PublicationPtr remember(const StateChange& change, std::uint64_t version);

  const ChannelScope& scope_;
  StateTable table_;
  std::map<std::string, PublicationPtr, std::less<>> events_;  // by key, of each that is
  std::set<std::string, std::less<>> expiring_;  // the keys whose expiry waits for the store
  std::deque<Waiting> waiting_;                  // the first is on its way to the store
  bool storing_ = false;
};

}  // namespace tidewire
