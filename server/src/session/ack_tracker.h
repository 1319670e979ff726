#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace tidewire {

/// What a namespace asks of the acknowledgements of its subscribers.
struct AckPolicy {
  std::int64_t timeout_ms = 10'000;
  std::uint64_t attempts_max = 5;  // the first sending included
  std::uint64_t window = 64;
};

/// How far one subscription is, as it outlives a connection.
struct AckState {
  std::uint64_t acked = 0;
  std::uint64_t attempts = 0;  // of the event after it
};

/// Which durable events of one subscription are sent, acknowledged and due again. Offsets go in,
/// decisions come out: no clock, no timer, no memory per event.
///
/// Owner:  one ConsumerAcks. Thread: the session's shard.
/// Limit:  AckPolicy::window events are sent and not acknowledged; what comes then is held, and is
///         to be read from the history when there is room.
/// Time:   the oldest unacknowledged event is due `timeout_ms` after it was sent or after the last
///         progress; every attempt doubles the time, up to kBackoffMax times it.
class AckTracker {
 public:
  static constexpr std::int64_t kBackoffMax = 16;

  enum class Taken : std::uint8_t {
    send,   // the next one, and there is room
    hold,   // to be read from the history later
    known,  // sent already
  };
  enum class Result : std::uint8_t { moved, repeated, ahead };

  explicit AckTracker(const AckPolicy& policy) : policy_(policy) {}

  /// Everything up to `acked` is acknowledged; what is after it, up to `sent`, has just been sent.
  void begin(const AckState& state, std::uint64_t sent, MonoMillis now);

  /// An event of the channel, live or read from the history.
  [[nodiscard]] Taken take(std::uint64_t offset, MonoMillis now);
  /// The same for one that the client does not get because it is its own.
  void take_own(std::uint64_t offset, MonoMillis now);
  /// `offset` is not to be sent again, although it was not acknowledged.
  void pass(std::uint64_t offset, MonoMillis now);

  [[nodiscard]] Result acknowledge(std::uint64_t offset, MonoMillis now);

  /// What is unacknowledged is being sent again.
  void sent_again(MonoMillis now);
  /// Nothing can be acknowledged that has not left: asks again later, without counting.
  void postpone(MonoMillis now) { due_ = now + policy_.timeout_ms; }

  [[nodiscard]] std::uint64_t acked() const { return acked_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t unacknowledged() const { return sent_ - acked_; }
  /// How many times the oldest unacknowledged event has been sent.
  [[nodiscard]] std::uint64_t attempts() const { return attempts_; }
  [[nodiscard]] bool exhausted() const { return attempts_ >= policy_.attempts_max; }
  /// How many events are to be read from the history now.
  [[nodiscard]] std::uint64_t wanted() const {
    return std::min(top_ - sent_,
                    acked_ + policy_.window - std::min(sent_, acked_ + policy_.window));
  }
  /// When the oldest unacknowledged event is due; nullopt: there is none.
  [[nodiscard]] std::optional<MonoMillis> due() const {
    return unacknowledged() > 0 ? std::optional(due_) : std::nullopt;
  }
  [[nodiscard]] AckState state() const { return {acked_, unacknowledged() > 0 ? attempts_ : 0}; }

 private:
  void progress(MonoMillis now);

  AckPolicy policy_;
  std::uint64_t acked_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t top_ = 0;  // the newest that is known to exist
  std::uint64_t attempts_ = 0;
  MonoMillis due_ = 0;
};

}  // namespace tidewire
