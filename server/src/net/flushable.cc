#include "net/flushable.h"

namespace tidewire::net {
namespace {

constexpr std::size_t kFetchedBytes = 768;  // most of a connection
constexpr std::size_t kCacheLine = 64;

/// In a fan-out each flushable is out of cache when its turn comes, and the system call of the one
/// before it gives the memory time to arrive.
void fetch(const Flushable* next) {
  if (next == nullptr) return;
  const char* at = reinterpret_cast<const char*>(next);
  for (std::size_t i = 0; i < kFetchedBytes; i += kCacheLine) __builtin_prefetch(at + i, 1);
}

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
    fetch(head_);
    flushable.on_turn_end();
  }
}

}  // namespace tidewire::net
