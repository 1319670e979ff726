#pragma once

#include <atomic>
#include <cstdint>

namespace tidewire {

/// A count that only grows.
///
/// Thread: one thread writes (its shard); any thread reads at scrape time. A relaxed load and store
/// is a plain `add` to memory, where fetch_add would lock the bus.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A level that goes up and down. Thread: as Counter. It may be below zero on one shard when what
/// was added there is taken away elsewhere; the sum over the shards is what is shown.
class Gauge {
 public:
  void add(std::int64_t n = 1) { set(value() + n); }
  void sub(std::int64_t n = 1) { set(value() - n); }
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

}  // namespace tidewire
