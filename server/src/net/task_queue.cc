#include "net/task_queue.h"

#include <utility>

namespace tidewire::net {

void TaskQueue::clear() {
  // A task's destruction may push another one, so this ends when nothing came.
  while (Node* node = newest_.exchange(nullptr)) {
    while (node != nullptr) delete std::exchange(node, node->older);
  }
}

void TaskQueue::push(Task task) {
  Node* node = new Node{std::move(task), newest_.load(std::memory_order_relaxed)};
  // Sequential consistency orders this store before the pusher's look at "is the shard asleep?".
  while (!newest_.compare_exchange_weak(node->older, node, std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) {
  }
}

TaskQueue::Node* TaskQueue::oldest_first(Node* newest) {
  Node* oldest = nullptr;
  while (newest != nullptr) {
    Node* older = std::exchange(newest->older, oldest);
    oldest = std::exchange(newest, older);
  }
  return oldest;
}

std::uint32_t TaskQueue::drain() {
  if (newest_.load(std::memory_order_relaxed) == nullptr) return 0;
  Node* node = oldest_first(newest_.exchange(nullptr, std::memory_order_acquire));
  std::uint32_t ran = 0;
  while (node != nullptr) {
    node->task();
    delete std::exchange(node, node->older);
    ++ran;
  }
  return ran;
}

}  // namespace tidewire::net
