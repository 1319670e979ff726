#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "net/shard.h"

namespace tidewire::net {

struct ShardPoolOptions {
  std::size_t shards = 0;    // 0: one per core that this process may use
  bool pin_threads = false;  // shard i stays on the i-th of those cores
};

/// The process's shards and their threads, named tw-shard-0, tw-shard-1, ...
///
/// Owner:  the server. The shards exist from construction to destruction; their threads from
///         start() to join(), so listeners and services can be set up before anything runs.
/// Thread: start, stop and join belong to the owner's thread; shard() and post_each() to any.
class ShardPool {
 public:
  explicit ShardPool(ShardPoolOptions options = {});
  /// Stops and joins what still runs.
  ~ShardPool();
  ShardPool(const ShardPool&) = delete;
  ShardPool& operator=(const ShardPool&) = delete;

  [[nodiscard]] std::size_t size() const { return shards_.size(); }
  [[nodiscard]] Shard& shard(std::size_t index) { return *shards_[index]; }
  /// The shard of the calling thread; nullptr elsewhere.
  [[nodiscard]] static Shard* current() { return Shard::current(); }

  /// Starts every shard's thread. Once.
  void start();
  /// Asks every shard to end after its turn; does not wait.
  void stop();
  /// Waits until every thread has ended.
  void join();
  /// Posts a copy of `work` to every shard.
  void post_each(const std::function<void(Shard&)>& work);

 private:
  ShardPoolOptions options_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::thread> threads_;
};

}  // namespace tidewire::net
