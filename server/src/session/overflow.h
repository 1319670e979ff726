#pragma once

#include <cstdint>

#include "config/config.h"
#include "history/publication.h"

namespace tidewire {

/// What becomes of an event for which there is no room.
enum class OverflowAction : std::uint8_t {
  drop,         // this one
  drop_oldest,  // those of its channel that have waited longest
  spill,        // the channel pauses, and the client is told when there is room
  disconnect
};

/// Whether a queue may reorder or leave out events of the class without telling: only those whose
/// order matters may not.
[[nodiscard]] constexpr bool is_ordered(DeliveryClass delivery) {
  return delivery == DeliveryClass::durable || delivery == DeliveryClass::stream;
}

[[nodiscard]] OverflowAction overflow_action(OverflowPolicy policy, const Publication& publication);

/// Whether an ephemeral event is dropped before the limit is reached, behind a stalled reader.
[[nodiscard]] constexpr bool drops_early(OverflowPolicy policy) {
  return policy != OverflowPolicy::drop_oldest && policy != OverflowPolicy::disconnect;
}

}  // namespace tidewire
