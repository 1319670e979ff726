#pragma once

#include <cstdint>

namespace tidewire::net {

class Shard;

/// Something with a descriptor that a Shard watches.
///
/// Owner:  whoever made it; the shard only points at it. Destroying it ends the watch.
/// Thread: the shard's.
/// Edges:  watches are edge-triggered in both directions. An edge is told once, so the callee
///         reads until a short read, would_block or an end, or asks Shard::again() to be called in
///         the next turn. After hung_up() a short read is not the end: read until `closed`.
class Pollable {
 public:
  Pollable() = default;
  virtual ~Pollable();
  Pollable(const Pollable&) = delete;
  Pollable& operator=(const Pollable&) = delete;

  /// May unwatch, destroy or watch any Pollable, itself included.
  virtual void on_ready(bool readable, bool writable) = 0;

  [[nodiscard]] bool watched() const { return shard_ != nullptr; }
  /// The peer has finished sending, or the socket has failed: no further read edge will come.
  [[nodiscard]] bool hung_up() const { return hung_up_; }

 private:
  friend class Shard;

  static constexpr std::int32_t kNone = -1;

  Shard* shard_ = nullptr;
  int fd_ = -1;
  std::int32_t event_slot_ = kNone;  // its event in the batch being handled
  std::int32_t again_slot_ = kNone;  // its place in the list of those to be called again
  bool hung_up_ = false;
};

}  // namespace tidewire::net
