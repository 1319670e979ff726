#include "net/shard_pool.h"

#include <string>

#include <pthread.h>
#include <sched.h>

namespace tidewire::net {
namespace {

std::vector<int> usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  if (cores.empty()) cores.push_back(0);
  return cores;
}

void pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  // A refusal costs speed, not correctness.
  (void)::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

}  // namespace

ShardPool::ShardPool(ShardPoolOptions options) : options_(options) {
  if (options_.shards == 0) options_.shards = usable_cores().size();
  for (std::size_t i = 0; i < options_.shards; ++i) shards_.push_back(std::make_unique<Shard>(i));
}

ShardPool::~ShardPool() {
  stop();
  join();
}

void ShardPool::start() {
  const std::vector<int> cores = usable_cores();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const int core = options_.pin_threads ? cores[i % cores.size()] : -1;
    threads_.emplace_back([&shard = *shards_[i], core] {
      const std::string name = "tw-shard-" + std::to_string(shard.index());
      ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
      if (core >= 0) pin_to(core);
      shard.run();
    });
  }
}

void ShardPool::stop() {
  for (auto& shard : shards_) shard->stop();
}

void ShardPool::join() {
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  threads_.clear();
}

void ShardPool::post_each(const std::function<void(Shard&)>& work) {
  for (auto& shard : shards_) shard->post([work, &target = *shard] { work(target); });
}

}  // namespace tidewire::net
