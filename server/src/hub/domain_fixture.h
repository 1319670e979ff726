#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "history/memory_history_store.h"
#include "hub/node.h"
#include "protocol/json_codec.h"
#include "protocol/proto_codec.h"

namespace tidewire {

/// Shards without threads, for tests: posted tasks wait in one queue per shard until run() takes
/// them, shard by shard, so that what crosses shards interleaves as it may in a server.
class QueueMesh final : public ShardMesh {
 public:
  explicit QueueMesh(std::size_t shards) : queues_(shards) {}
  [[nodiscard]] std::size_t size() const override { return queues_.size(); }
  void post(ShardIndex shard, Task task) override { queues_[shard].push_back(std::move(task)); }

  /// Runs one waiting task of `shard`; false when there is none.
  bool run_one(ShardIndex shard) {
    if (queues_[shard].empty()) return false;
    Task task = std::move(queues_[shard].front());
    queues_[shard].pop_front();
    task();
    return true;
  }
  /// Runs until nothing waits anywhere.
  void run() {
    bool ran = true;
    while (ran) {
      ran = false;
      for (ShardIndex shard = 0; shard < queues_.size(); ++shard) ran = run_one(shard) || ran;
    }
  }

 private:
  std::vector<std::deque<Task>> queues_;
};

/// The whole domain over some shards, with a clock that stands still, for tests of this layer and
/// the next.
class Domain {
 public:
  using MakeStore = std::function<std::unique_ptr<HistoryStore>(std::size_t shard)>;

  /// Without `make_store` the channels are in memory alone.
  explicit Domain(std::size_t shards, Config configuration = {}, const MakeStore& make_store = {})
      : config(std::move(configuration)), mesh(shards) {
    std::vector<Node*> all;
    for (std::size_t i = 0; i < shards; ++i) {
      metrics.push_back(std::make_unique<ServerMetrics>());
      stores.push_back(make_store ? make_store(i) : std::make_unique<MemoryHistoryStore>());
      nodes.push_back(std::make_unique<Node>(NodeParts{.index = static_cast<ShardIndex>(i),
                                                       .mesh = mesh,
                                                       .config = config,
                                                       .json = json,
                                                       .clock = clock,
                                                       .timers = timers,
                                                       .limits = limits,
                                                       .forms = forms,
                                                       .metrics = *metrics.back(),
                                                       .store = *stores.back()}));
      all.push_back(nodes.back().get());
    }
    for (Node* node : all) node->connect(all);
  }

  /// Lets time pass in the steps of the wheel, and what is due happen.
  void advance(std::int64_t ms) {
    for (; ms > 0; ms -= TimerWheel::kTickMs) {
      clock.advance_ms(std::min<std::int64_t>(ms, TimerWheel::kTickMs));
      timers.advance(clock.mono_ms());
      mesh.run();
    }
  }

  Config config;
  FakeClock clock;
  TimerWheel timers{clock.mono_ms()};
  QueueMesh mesh;
  JsonCodec json;
  ProtoCodec proto;
  ws::DeflateScratch deflate{ws::DeflateConfig{}};
  WireForms forms{json, proto, deflate};
  ChannelLimits limits;
  std::vector<std::unique_ptr<ServerMetrics>> metrics;
  std::vector<std::unique_ptr<HistoryStore>> stores;
  std::vector<std::unique_ptr<Node>> nodes;
};

}  // namespace tidewire
