#pragma once

#include <atomic>
#include <cstdint>

#include "base/task.h"

namespace tidewire::net {

/// Tasks on their way to one shard: many threads push, one thread drains, nobody waits.
/// The tasks of one thread keep their order. What was never drained is destroyed unrun.
class TaskQueue {
 public:
  TaskQueue() = default;
  ~TaskQueue() { clear(); }
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  /// Thread: any.
  void push(Task task);
  /// Thread: any.
  [[nodiscard]] bool empty() const { return newest_.load(std::memory_order_seq_cst) == nullptr; }
  /// Runs what is in the queue now, oldest first; what the tasks push waits for the next drain.
  /// Returns how many ran. Thread: the shard's.
  std::uint32_t drain();
  /// Destroys what waits, unrun. Thread: the shard's.
  void clear();

 private:
  struct Node {
    Task task;
    Node* older;
  };

  static Node* oldest_first(Node* newest);

  // Producers link their node in front; the consumer takes the whole list with one exchange.
  std::atomic<Node*> newest_{nullptr};
};

}  // namespace tidewire::net
