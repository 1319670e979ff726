#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/compact_vector.h"
#include "history/channel_history.h"
#include "ws/shared_frame.h"

namespace tidewire {

class Subscription;

/// What a later event can be merged into, behind a stalled reader.
struct Mergeable {
  PublicationPtr publication;
  std::unique_ptr<Publication> folded;  // several pieces as one, still growing
};

/// A frame in an outbox.
struct QueuedFrame {
  static constexpr std::uint8_t kControlLane = 4;  // before the four of Priority
  static constexpr std::uint8_t kNoLane = 5;       // put together of several, no way back

  ws::SharedFrame frame;  // empty: rendered from `mergeable` when it leaves
  std::unique_ptr<Mergeable> mergeable;
  Subscription* channel = nullptr;  // nullptr: of none, or of one that has ended
  std::uint32_t cost = 0;
  std::uint32_t pushed_ms : 24 = 0;  // since the outbox was empty; stops counting after 4 hours
  std::uint32_t lane : 3 = 0;
  std::uint32_t ordered : 1 = 0;  // its order within the channel matters
  std::uint32_t anchor : 1 = 0;  // later events of the channel, also those without order, follow it
  std::uint32_t event : 1 = 0;   // dropped when the channel is spilled; a reply is not
  std::uint32_t droppable : 1 = 0;  // for others, where the policy says so
  std::uint32_t spillable : 1 = 0;  // of a channel that gives its room to others

  void set_age(MonoMillis ms) {
    constexpr MonoMillis kMost = (1 << 24) - 1;
    pushed_ms = static_cast<std::uint32_t>(std::clamp<MonoMillis>(ms, 0, kMost));
  }
};
static_assert(sizeof(QueuedFrame) == 32);

using QueuedFrames = CompactVector<QueuedFrame>;

}  // namespace tidewire
