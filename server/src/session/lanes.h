#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>

#include "observability/server_metrics.h"
#include "protocol/codes.gen.h"
#include "session/queued_frame.h"

namespace tidewire {

/// The share of each priority, and what may wait in its lane (0: no limit of its own).
struct LaneLimits {
  std::array<std::uint32_t, kPriorityCount> weights{8, 4, 2, 1};
  std::array<std::size_t, kPriorityCount> bytes_max{};
};

/// Four queues, one a priority, and the order in which what waits in them leaves: by byte-based
/// deficit round robin (Shreedhar and Varghese, 1995). In a round each lane may send its weight
/// times kQuantumBytes; within a round the more urgent lane goes first, also when it was empty
/// until now. So the urgent waits for at most the rest of one round, and the least urgent gets its
/// share of every round.
///
/// Owner:  one Outbox. Thread: its shard's.
/// Order:  what waits of one channel and is `ordered` waits in one lane: the most urgent of what
///         waits. What is not keeps its own lane, except that it follows an `anchor` of its channel
///         in a more urgent one: a reply, what was gathered before one, what has followed one. So
///         of one channel and priority all leaves in the order in which it came.
class Lanes {
 public:
  static constexpr std::size_t kLanes = kPriorityCount;
  static constexpr std::uint64_t kQuantumBytes = 2 * 1024;

  /// Where a frame stands, for later; it is good until the frame leaves or frames are dropped.
  struct Place {
    std::uint8_t lane;
    std::uint32_t position;
  };
  /// Bytes and frames.
  struct Amount {
    std::size_t bytes = 0;
    std::size_t frames = 0;
  };

  /// `limits` outlive it.
  Lanes(const LaneLimits& limits, ServerMetrics& metrics) : limits_(limits), metrics_(metrics) {}
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  [[nodiscard]] bool empty() const { return frames_ == 0; }
  [[nodiscard]] std::size_t frames() const { return frames_; }
  [[nodiscard]] std::size_t bytes(std::size_t lane) const { return lanes_[lane].bytes; }
  /// Into an empty lane anything goes.
  [[nodiscard]] bool has_room(std::size_t lane, std::size_t cost) const {
    const std::size_t most = limits_.bytes_max[lane];
    return most == 0 || lanes_[lane].empty() || lanes_[lane].bytes + cost <= most;
  }

  /// The lane for a frame that asks for `lane`: more urgent when its channel waits there. An
  /// ordered one takes what waits of the channel's queue in a less urgent lane along, an anchor
  /// what is not ordered, one that is both (a reply, which asks for the most urgent lane)
  /// everything.
  [[nodiscard]] std::size_t settle(QueuedFrame& frame, std::size_t lane) {
    return alone(lane) ? lane : settle_among(frame, lane);
  }
  /// At the end of `lane`.
  Place push(QueuedFrame frame, std::size_t lane);
  /// The frame at `place`, or nullptr when it has left.
  [[nodiscard]] QueuedFrame* find(const Place& place);
  /// The frame at some place costs something else now.
  void change_cost(QueuedFrame& frame, std::size_t lane, std::size_t cost);

  /// Moves frames behind those in `out`, in the order in which they leave, until `bytes_max` is
  /// reached or passed.
  void take(std::size_t bytes_max, QueuedFrames& out);
  /// Puts the last frames that were taken back to where they were.
  void put_back(std::span<QueuedFrame> frames);

  /// Drops what `which` says, of all lanes in order. Places change.
  Amount drop(const std::function<bool(const QueuedFrame&)>& which);
  /// Moves what `which` says, of all lanes in order, behind what waits in `lane` and forgets whose
  /// it was. Places change.
  void release(const std::function<bool(const QueuedFrame&)>& which, std::size_t lane);

  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Lane& lane : lanes_)
      for (std::size_t i = lane.head; i < lane.entries.size(); ++i) visit(lane.entries[i]);
  }
  /// Changes whenever a Place may have become another frame's.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  /// The frame that leaves next from `lane`, or nullptr.
  [[nodiscard]] const QueuedFrame* first(std::size_t lane) const {
    return lanes_[lane].empty() ? nullptr : &lanes_[lane].entries[lanes_[lane].head];
  }

  /// Gives the room back that a burst has taken. Only when empty.
  void trim();

 private:
  /// A queue in a vector: `head` entries at the front have left. Every connection has four, so
  /// counts are of 32 bits, which limits.queue_bytes and limits.queue_messages stay far below.
  struct Lane {
    QueuedFrames entries;
    std::uint32_t head = 0;
    std::uint32_t left = 0;  // entries that ever left: position = left + index - head
    std::uint32_t ordered = 0;
    std::uint32_t bytes = 0;
    std::uint32_t deficit = 0;
    std::uint32_t round = 0;  // in which it got its quantum
    [[nodiscard]] bool empty() const { return head == entries.size(); }
    [[nodiscard]] std::size_t size() const { return entries.size() - head; }
    template <typename Which>
    [[nodiscard]] bool has(const Which& which) const {
      return std::any_of(entries.begin() + static_cast<std::ptrdiff_t>(head), entries.end(), which);
    }
  };
  /// Where the ordered frames of a channel wait.
  struct Queue {
    std::size_t lane;
    std::size_t frames;
  };

  [[nodiscard]] bool alone(std::size_t lane) const { return frames_ == lanes_[lane].size(); }
  [[nodiscard]] std::size_t settle_among(QueuedFrame& frame, std::size_t lane);
  [[nodiscard]] std::size_t settle_ordered(Subscription* channel, std::size_t lane);
  [[nodiscard]] std::size_t follow(QueuedFrame& frame, std::size_t lane) const;
  [[nodiscard]] std::size_t gather(const QueuedFrame& frame, std::size_t lane);
  template <typename Which>
  [[nodiscard]] std::size_t first_lane_with(Which&& which) const;
  template <typename Which>
  void move(std::size_t from, std::size_t to, Which&& which);
  [[nodiscard]] std::optional<std::size_t> lane_of(Subscription* channel);
  bool take_whole(std::size_t bytes_max, QueuedFrames& out);
  bool take_share(Lane& lane, std::size_t number, std::size_t bytes_max, std::size_t& bytes,
                  QueuedFrames& out);
  void enter(Lane& lane, std::size_t number, const QueuedFrame& frame);
  void leave(Lane& lane, std::size_t number, const QueuedFrame& frame);
  /// `count` entries at the front of `lane` have left. When their numbers begin anew, no place is
  /// good any more.
  void pass(Lane& lane, std::size_t count) {
    const std::uint32_t before = lane.left;
    lane.left += static_cast<std::uint32_t>(count);
    if (lane.left < before) ++generation_;
  }
  void index_add(const QueuedFrame& frame, std::size_t lane);
  void index_remove(const QueuedFrame& frame);

  const LaneLimits& limits_;
  ServerMetrics& metrics_;
  std::array<Lane, kLanes> lanes_;
  std::uint32_t frames_ = 0;
  std::uint32_t ordered_ = 0;
  std::uint32_t anchors_ = 0;
  std::uint32_t round_ = 1;
  std::uint64_t generation_ = 0;
  // Only once many ordered frames wait in more than one lane; gone when nothing waits.
  std::unique_ptr<std::unordered_map<Subscription*, Queue>> index_;
};

}  // namespace tidewire
