#include "session/ack_tracker.h"

namespace tidewire {

void AckTracker::begin(const AckState& state, std::uint64_t sent, MonoMillis now) {
  acked_ = state.acked;
  sent_ = std::max(sent, acked_);
  top_ = sent_;
  attempts_ = state.attempts + 1;
  due_ = now + policy_.timeout_ms;
}

void AckTracker::progress(MonoMillis now) {
  attempts_ = 1;
  due_ = now + policy_.timeout_ms;
}

AckTracker::Taken AckTracker::take(std::uint64_t offset, MonoMillis now) {
  top_ = std::max(top_, offset);
  if (offset <= sent_) return Taken::known;
  if (offset != sent_ + 1 || unacknowledged() >= policy_.window) return Taken::hold;
  if (sent_ == acked_) progress(now);
  sent_ = offset;
  return Taken::send;
}

void AckTracker::take_own(std::uint64_t offset, MonoMillis now) {
  top_ = std::max(top_, offset);
  if (offset == acked_ + 1) {
    pass(offset, now);
  } else if (offset == sent_ + 1) {
    sent_ = offset;
  }
}

void AckTracker::pass(std::uint64_t offset, MonoMillis now) {
  if (offset <= acked_) return;
  acked_ = offset;
  sent_ = std::max(sent_, offset);
  progress(now);
}

AckTracker::Result AckTracker::acknowledge(std::uint64_t offset, MonoMillis now) {
  if (offset > sent_) return Result::ahead;
  if (offset <= acked_) return Result::repeated;
  acked_ = offset;
  progress(now);
  return Result::moved;
}

void AckTracker::sent_again(MonoMillis now) {
  const std::int64_t doublings = std::min<std::int64_t>(
      kBackoffMax, std::int64_t{1} << std::min<std::uint64_t>(attempts_, 16));
  ++attempts_;
  due_ = now + policy_.timeout_ms * doublings;
}

}  // namespace tidewire
