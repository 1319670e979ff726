#pragma once

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

  /// May ask for another turn end, for itself or others: those run in the next turn, which follows
  /// at once.
  virtual void on_turn_end() = 0;

  void cancel_turn_end();
  [[nodiscard]] bool turn_end_requested() const { return previous_ != nullptr; }

 private:
  friend class FlushList;

  Flushable* next_ = nullptr;
  Flushable** previous_ = nullptr;  // the pointer that points at this one
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
  /// Calls everything that waits now; what is added meanwhile stays for the next run.
  void run();
  [[nodiscard]] bool empty() const { return head_ == nullptr; }

 private:
  friend class Flushable;

  Flushable* head_ = nullptr;
  Flushable* tail_ = nullptr;
};

}  // namespace tidewire::net
