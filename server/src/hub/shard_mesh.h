#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/task.h"

namespace tidewire {

using ShardIndex = std::uint16_t;

/// How shards reach each other: a task given to post() runs later on that shard, after everything
/// posted there before it by the same caller.
///
/// Thread: any.
class ShardMesh {
 public:
  virtual ~ShardMesh() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  virtual void post(ShardIndex shard, Task task) = 0;
};

/// The shard that owns a channel: gives it order, offsets, history and presence.
[[nodiscard]] ShardIndex owner_of(std::string_view channel, std::size_t shards);

}  // namespace tidewire
