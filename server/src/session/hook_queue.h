#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/claims.h"
#include "session/hook_verdict.h"
#include "session/kept_envelope.h"

namespace tidewire {

/// What one session has waiting for hooks.
///
/// Owner:  the Session, from the first message that waits on. Thread: its shard's.
/// Order:  publishes leave in the order they came, whatever order their verdicts come in.
/// Limit:  pending_max messages; the next one is refused.
class HookQueue {
 public:
  explicit HookQueue(std::size_t pending_max) : pending_max_(pending_max) {}

  [[nodiscard]] bool full() const {
    return publishes_.size() + held_.size() + subscribes_.size() >= pending_max_;
  }

  /// A publish takes its place in the queue. Precondition: !full().
  std::uint64_t push(const Envelope& envelope, std::optional<HookVerdict> verdict);
  /// The verdict for the publish with that ticket.
  void decide(std::uint64_t ticket, HookVerdict verdict);
  struct Decided {
    KeptEnvelope envelope;
    HookVerdict verdict;
  };
  /// The oldest publish, if its verdict is there.
  [[nodiscard]] std::optional<Decided> pop();
  [[nodiscard]] bool publishes_wait() const { return !publishes_.empty(); }

  /// A subscription of `channel` waits; gives its ticket.
  std::uint64_t begin_subscribe(std::string_view channel);
  /// Its verdict is there. False: the client has taken it back.
  [[nodiscard]] bool end_subscribe(std::uint64_t ticket);
  /// The client takes back what waits of `channel`; false: nothing does.
  [[nodiscard]] bool take_back(std::string_view channel);

  /// While the connect hook runs, everything waits. Precondition: !full().
  void hold(const Envelope& envelope) { held_.emplace_back(envelope); }
  [[nodiscard]] std::vector<KeptEnvelope> release_held() { return std::exchange(held_, {}); }
  bool admitting = false;

  /// What the connect hook gave this connection, for tokens that come later.
  std::string info_json;
  std::vector<ChannelRule> rules;

 private:
  struct Waiting {
    KeptEnvelope envelope;
    std::optional<HookVerdict> verdict;
  };

  std::size_t pending_max_;
  std::deque<Waiting> publishes_;
  std::uint64_t first_ticket_ = 0;  // of publishes_.front()
  std::vector<KeptEnvelope> held_;
  struct Subscribing {
    std::uint64_t ticket;
    std::string channel;  // empty: taken back
  };
  std::vector<Subscribing> subscribes_;
  std::uint64_t subscribe_ticket_ = 0;  // of the newest
};

}  // namespace tidewire
