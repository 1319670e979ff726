#pragma once

#include <cstddef>

namespace tidewire::net {

class Shard;
class FlushList;

/// Something that has work to do once, when the turn's events and tasks are handled: a connection
/// with frames to write. Destroying it cancels the request.
///
/// Owner: whoever made it; never moved. Thread: the shard's.
class Flushable {
 public:
  Flushable() = default;
  virtual ~Flushable() { cancel_turn_end(); }
  Flushable(const Flushable&) = delete;
  Flushable& operator=(const Flushable&) = delete;

  /// May ask for another turn end, for itself or others: the next turn follows at once.
  virtual void on_turn_end() = 0;

  void cancel_turn_end();
  [[nodiscard]] bool turn_end_requested() const { return list_ != nullptr; }

 private:
  friend class FlushList;

  FlushList* list_ = nullptr;  // set while waiting
  Flushable* next_ = nullptr;
  Flushable* previous_ = nullptr;
};

/// The flushables that asked, in the order in which they asked. A member of Shard.
class FlushList {
 public:
  FlushList() = default;
  ~FlushList();
  FlushList(const FlushList&) = delete;
  FlushList& operator=(const FlushList&) = delete;

  /// Idempotent: one that waits already keeps its place.
  void add(Flushable& flushable);
  /// Calls as many as wait now; what is added meanwhile waits behind them for the next run.
  void run();
  [[nodiscard]] bool empty() const { return head_ == nullptr; }

 private:
  friend class Flushable;

  void remove(Flushable& flushable);

  Flushable* head_ = nullptr;
  Flushable* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tidewire::net
