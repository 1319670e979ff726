#pragma once

#include <cstdint>
#include <deque>

namespace tidewire::bench {

/// The messages of one room that are under way: how many members have yet to receive each.
class Room {
 public:
  explicit Room(std::uint32_t members) : members_(members) {}

  /// The sequence number of the next message.
  [[nodiscard]] std::uint64_t publish() {
    pending_.push_back(members_);
    return first_ + pending_.size() - 1;
  }

  /// Notes that one member received `sequence`. Answers whether that was the last one; messages
  /// that nobody published, or that everybody has, answer false too and count as foreign.
  [[nodiscard]] bool received(std::uint64_t sequence) {
    if (sequence < first_ || sequence - first_ >= pending_.size() ||
        pending_[sequence - first_] == 0) {
      ++foreign_;
      return false;
    }
    const bool complete = --pending_[sequence - first_] == 0;
    while (!pending_.empty() && pending_.front() == 0) {
      pending_.pop_front();
      ++first_;
    }
    return complete;
  }

  [[nodiscard]] std::size_t under_way() const { return pending_.size(); }
  [[nodiscard]] std::uint64_t foreign() const { return foreign_; }

 private:
  std::uint32_t members_;
  std::uint64_t first_ = 0;  // the sequence number of pending_.front()
  std::deque<std::uint32_t> pending_;
  std::uint64_t foreign_ = 0;
};

}  // namespace tidewire::bench
