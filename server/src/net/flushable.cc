#include "net/flushable.h"

namespace tidewire::net {

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
    flushable.on_turn_end();
  }
}

}  // namespace tidewire::net
