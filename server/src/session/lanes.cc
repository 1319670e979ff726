#include "session/lanes.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace tidewire {
namespace {

/// So many ordered frames are searched for a channel; past them an index is kept.
constexpr std::size_t kSearchedMax = 64;
/// Entries that have left stay in front of a queue that never runs empty, until they are this many
/// and more than what waits.
constexpr std::size_t kLeftKept = 1024;

}  // namespace

Lanes::~Lanes() {
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    metrics_.lane_bytes[static_cast<LaneLabel>(lane)].sub(
        static_cast<std::int64_t>(lanes_[lane].bytes));
}

void Lanes::enter(Lane& lane, std::size_t number, const QueuedFrame& frame) {
  ++frames_;
  lane.bytes += frame.cost;
  metrics_.lane_bytes[static_cast<LaneLabel>(number)].add(frame.cost);
  anchors_ += frame.anchor;
  if (!frame.ordered) return;
  ++lane.ordered;
  ++ordered_;
  if (index_) index_add(frame, number);
}

void Lanes::leave(Lane& lane, std::size_t number, const QueuedFrame& frame) {
  --frames_;
  lane.bytes -= frame.cost;
  metrics_.lane_bytes[static_cast<LaneLabel>(number)].sub(frame.cost);
  anchors_ -= frame.anchor;
  if (!frame.ordered) return;
  --lane.ordered;
  --ordered_;
  if (index_) index_remove(frame);
}

void Lanes::index_add(const QueuedFrame& frame, std::size_t lane) {
  Queue& queue = index_->try_emplace(frame.channel, Queue{lane, 0}).first->second;
  queue.lane = lane;
  ++queue.frames;
}

void Lanes::index_remove(const QueuedFrame& frame) {
  const auto found = index_->find(frame.channel);
  if (found != index_->end() && --found->second.frames == 0) index_->erase(found);
  if (frames_ == 0) index_.reset();
}

Lanes::Place Lanes::push(QueuedFrame frame, std::size_t number) {
  Lane& lane = lanes_[number];
  frame.lane = static_cast<std::uint8_t>(number);
  enter(lane, number, frame);
  lane.entries.push_back(std::move(frame));
  return {static_cast<std::uint8_t>(number),
          lane.left + static_cast<std::uint32_t>(lane.size()) - 1};
}

QueuedFrame* Lanes::find(const Place& place) {
  Lane& lane = lanes_[place.lane];
  const std::uint32_t ahead = place.position - lane.left;  // of what has left: very far
  return ahead < lane.size() ? &lane.entries[lane.head + ahead] : nullptr;
}

void Lanes::change_cost(QueuedFrame& frame, std::size_t number, std::size_t cost) {
  const auto change = static_cast<std::int64_t>(cost) - static_cast<std::int64_t>(frame.cost);
  lanes_[number].bytes += static_cast<std::uint32_t>(change);
  metrics_.lane_bytes[static_cast<LaneLabel>(number)].add(change);
  frame.cost = static_cast<std::uint32_t>(cost);
}

std::optional<std::size_t> Lanes::lane_of(Subscription* channel) {
  if (!index_ && ordered_ > kSearchedMax) {
    index_ = std::make_unique<std::unordered_map<Subscription*, Queue>>();
    for (std::size_t number = 0; number < kLanes; ++number)
      for (std::size_t i = lanes_[number].head; i < lanes_[number].entries.size(); ++i)
        if (lanes_[number].entries[i].ordered) index_add(lanes_[number].entries[i], number);
  }
  if (index_) {
    const auto found = index_->find(channel);
    return found == index_->end() ? std::nullopt : std::optional(found->second.lane);
  }
  for (std::size_t number = 0; number < kLanes; ++number) {
    const Lane& lane = lanes_[number];
    if (lane.ordered == 0) continue;
    for (std::size_t i = lane.head; i < lane.entries.size(); ++i)
      if (lane.entries[i].ordered && lane.entries[i].channel == channel) return number;
  }
  return std::nullopt;
}

std::size_t Lanes::settle_among(QueuedFrame& frame, std::size_t lane) {
  if (frame.anchor) return gather(frame, lane);
  return frame.ordered ? settle_ordered(frame.channel, lane) : follow(frame, lane);
}

std::size_t Lanes::settle_ordered(Subscription* channel, std::size_t lane) {
  if (ordered_ == 0) return lane;
  const auto waits_in = lane_of(channel);
  if (!waits_in || *waits_in <= lane) return waits_in.value_or(lane);
  move(*waits_in, lane,
       [channel](const QueuedFrame& each) { return each.channel == channel && each.ordered; });
  return lane;
}

std::size_t Lanes::follow(QueuedFrame& frame, std::size_t lane) const {
  if (anchors_ == 0) return lane;
  const std::size_t anchor = first_lane_with(
      [&frame](const QueuedFrame& each) { return each.channel == frame.channel && each.anchor; });
  if (anchor >= lane) return lane;
  frame.anchor = 1;
  return anchor;
}

std::size_t Lanes::gather(const QueuedFrame& frame, std::size_t lane) {
  const std::size_t to =
      std::min(lane, first_lane_with([&frame](const QueuedFrame& each) {
                 return each.channel == frame.channel && (!each.ordered || each.anchor);
               }));
  for (std::size_t from = to + 1; from < kLanes; ++from)
    move(from, to, [&frame](const QueuedFrame& each) {
      return each.channel == frame.channel && (frame.ordered || !each.ordered);
    });
  return to;
}

template <typename Which>
std::size_t Lanes::first_lane_with(Which&& which) const {
  std::size_t number = 0;
  while (number < kLanes && !lanes_[number].has(which)) ++number;
  return number;
}

template <typename Which>
void Lanes::move(std::size_t from, std::size_t to, Which&& which) {
  Lane& source = lanes_[from];
  std::size_t kept = source.head;
  for (std::size_t i = source.head; i < source.entries.size(); ++i) {
    QueuedFrame& frame = source.entries[i];
    if (which(frame)) {
      leave(source, from, frame);
      if (!frame.ordered) frame.anchor = 1;
      push(std::move(frame), to);
    } else if (kept++ != i) {
      source.entries[kept - 1] = std::move(frame);
    }
  }
  if (kept == source.entries.size()) return;
  source.entries.resize(kept);
  ++generation_;
}

void Lanes::release(const std::function<bool(const QueuedFrame&)>& which, std::size_t to) {
  ++generation_;
  std::vector<QueuedFrame> released;
  for (std::size_t number = 0; number < kLanes; ++number) {
    Lane& lane = lanes_[number];
    std::size_t kept = lane.head;
    for (std::size_t i = lane.head; i < lane.entries.size(); ++i) {
      QueuedFrame& frame = lane.entries[i];
      if (which(frame)) {
        leave(lane, number, frame);
        released.push_back(std::move(frame));
      } else if (kept++ != i) {
        lane.entries[kept - 1] = std::move(frame);
      }
    }
    lane.entries.resize(kept);
  }
  for (QueuedFrame& frame : released) {
    frame.channel = nullptr;
    frame.spillable = 0;
    frame.ordered = 0;
    frame.anchor = 0;
    push(std::move(frame), to);
  }
}

Lanes::Amount Lanes::drop(const std::function<bool(const QueuedFrame&)>& which) {
  ++generation_;
  Amount dropped;
  for (std::size_t number = 0; number < kLanes; ++number) {
    Lane& lane = lanes_[number];
    std::size_t kept = lane.head;
    for (std::size_t i = lane.head; i < lane.entries.size(); ++i) {
      QueuedFrame& frame = lane.entries[i];
      if (which(frame)) {
        dropped.bytes += frame.cost;
        ++dropped.frames;
        leave(lane, number, frame);
      } else if (kept++ != i) {
        lane.entries[kept - 1] = std::move(frame);
      }
    }
    lane.entries.resize(kept);
  }
  return dropped;
}

/// The usual case: one lane with little in it, which then leaves as a whole.
bool Lanes::take_whole(std::size_t bytes_max, QueuedFrames& out) {
  for (std::size_t number = 0; number < kLanes; ++number) {
    Lane& lane = lanes_[number];
    if (lane.empty()) continue;
    if (!alone(number) || lane.head != 0 || lane.bytes > bytes_max || !out.empty()) return false;
    metrics_.lane_bytes[static_cast<LaneLabel>(number)].sub(static_cast<std::int64_t>(lane.bytes));
    out.swap(lane.entries);
    pass(lane, out.size());
    ordered_ = 0;
    anchors_ = 0;
    frames_ = 0;
    lane.ordered = 0;
    lane.bytes = 0;
    lane.deficit = 0;
    index_.reset();
    return true;
  }
  return true;
}

bool Lanes::take_share(Lane& lane, std::size_t number, std::size_t bytes_max, std::size_t& bytes,
                       QueuedFrames& out) {
  if (lane.empty()) return true;
  const bool only = alone(number);  // then there is nobody to share with
  if (lane.round != round_) {
    lane.round = round_;
    lane.deficit = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(lane.deficit + kQuantumBytes * limits_.weights[number],
                                std::numeric_limits<std::uint32_t>::max()));
  }
  while (!lane.empty()) {
    if (bytes >= bytes_max) return false;
    QueuedFrame& frame = lane.entries[lane.head];
    if (!only && frame.cost > lane.deficit) break;
    if (!only) lane.deficit -= frame.cost;
    bytes += frame.cost;
    leave(lane, number, frame);
    out.push_back(std::move(frame));
    ++lane.head;
    pass(lane, 1);
  }
  if (!lane.empty()) {
    if (lane.head > kLeftKept && lane.head > lane.size()) {
      lane.entries.erase(lane.entries.begin(),
                         lane.entries.begin() + static_cast<std::ptrdiff_t>(lane.head));
      lane.head = 0;
    }
    return true;
  }
  lane.entries.clear();
  lane.head = 0;
  lane.deficit = 0;
  return true;
}

void Lanes::take(std::size_t bytes_max, QueuedFrames& out) {
  if (take_whole(bytes_max, out)) return;
  std::size_t bytes = 0;
  while (frames_ > 0) {
    for (std::size_t number = 0; number < kLanes; ++number)
      if (!take_share(lanes_[number], number, bytes_max, bytes, out)) return;
    ++round_;
  }
}

void Lanes::put_back(std::span<QueuedFrame> frames) {
  for (std::size_t number = 0; number < kLanes; ++number) {
    Lane& lane = lanes_[number];
    QueuedFrames entries;
    for (QueuedFrame& frame : frames) {
      if (!frame.frame || frame.lane != number) continue;
      lane.deficit = static_cast<std::uint32_t>(std::min(std::uint64_t{lane.deficit} + frame.cost,
                                                         kQuantumBytes * limits_.weights[number]));
      enter(lane, number, frame);
      entries.push_back(std::move(frame));
    }
    if (entries.empty()) continue;
    lane.left -= static_cast<std::uint32_t>(entries.size());
    for (std::size_t i = lane.head; i < lane.entries.size(); ++i)
      entries.push_back(std::move(lane.entries[i]));
    lane.entries = std::move(entries);
    lane.head = 0;
  }
}

void Lanes::trim() {
  if (!empty()) return;
  for (Lane& lane : lanes_) {
    QueuedFrames().swap(lane.entries);
    lane.head = 0;
  }
}

}  // namespace tidewire
