#pragma once

#include <cstdint>
#include <string>

namespace tidewire {

/// A place in a channel's stream: after the publication with this offset, in this life of the
/// stream. Offsets start at 1 with each epoch and never skip (protocol.md, "Recovery").
struct StreamPosition {
  std::string epoch;
  std::uint64_t offset = 0;

  bool operator==(const StreamPosition&) const = default;
};

}  // namespace tidewire
