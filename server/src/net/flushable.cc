#include "net/flushable.h"

#include "base/prefetch.h"

namespace tidewire::net {
namespace {

/// In a fan-out each flushable is out of cache when its turn comes, and the system call of the one
/// before it gives the memory time to arrive.
constexpr std::size_t kFlushableBytes = 768;  // most of a connection

}  // namespace

void Flushable::cancel_turn_end() {
  if (list_ != nullptr) list_->remove(*this);
}

FlushList::~FlushList() {
  while (head_ != nullptr) remove(*head_);
}

void FlushList::add(Flushable& flushable) {
  if (flushable.list_ != nullptr) return;
  flushable.list_ = this;
  flushable.previous_ = tail_;
  (tail_ != nullptr ? tail_->next_ : head_) = &flushable;
  tail_ = &flushable;
  ++size_;
}

void FlushList::remove(Flushable& flushable) {
  (flushable.previous_ != nullptr ? flushable.previous_->next_ : head_) = flushable.next_;
  (flushable.next_ != nullptr ? flushable.next_->previous_ : tail_) = flushable.previous_;
  flushable.next_ = nullptr;
  flushable.previous_ = nullptr;
  flushable.list_ = nullptr;
  --size_;
}

void FlushList::run() {
  // A callback may cancel others of this run, so what is left is bounded by count: at worst a
  // newcomer runs in this turn already.
  for (std::size_t left = size_; left > 0 && head_ != nullptr; --left) {
    Flushable& flushable = *head_;
    remove(flushable);
    prefetch(head_, kFlushableBytes);
    flushable.on_turn_end();
  }
}

}  // namespace tidewire::net
