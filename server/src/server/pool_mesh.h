#pragma once

#include <utility>

#include "hub/shard_mesh.h"
#include "net/shard_pool.h"

namespace tidewire {

/// The shards of this process, as the domain sees them.
class PoolMesh final : public ShardMesh {
 public:
  explicit PoolMesh(net::ShardPool& pool) : pool_(pool) {}
  [[nodiscard]] std::size_t size() const override { return pool_.size(); }
  void post(ShardIndex shard, Task task) override { pool_.shard(shard).post(std::move(task)); }

 private:
  net::ShardPool& pool_;
};

}  // namespace tidewire
