#include "session/outbox.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tidewire {
namespace {

/// Copying a frame this small costs less than another part of a gather write.
constexpr std::size_t kCopyBytesMax = 1024;
/// What is committed can no longer be overtaken, so no more than one write takes.
constexpr std::size_t kCommitBytesMax = 256 * 1024;
/// The part of the limit that ephemeral events may use behind a stalled reader.
constexpr std::size_t kPressureShare = 8;
/// Queues keep this much room when they run empty, until trim().
constexpr std::size_t kKeptEntries = 256;

bool is_ordered(DeliveryClass delivery) {
  return delivery == DeliveryClass::durable || delivery == DeliveryClass::stream;
}

bool is_mergeable(DeliveryClass delivery) {
  return delivery == DeliveryClass::latest || delivery == DeliveryClass::stream;
}

std::string merge_name(const Publication& publication, const void* channel) {
  std::string name(reinterpret_cast<const char*>(&channel), sizeof channel);
  return name.append(publication.merge_slot());
}

}  // namespace

Outbox::Outbox(const OutboxLimits& limits, const OutboxForm& form, ServerMetrics& metrics)
    : limits_(limits), form_(form), metrics_(metrics) {}

Outbox::~Outbox() { metrics_.queue_bytes.sub(static_cast<std::int64_t>(queued_bytes_)); }

void Outbox::account(std::int64_t bytes, std::int64_t frames) {
  queued_bytes_ += static_cast<std::size_t>(bytes);
  queued_frames_ += static_cast<std::size_t>(frames);
  metrics_.queue_bytes.add(bytes);
}

void Outbox::push_control(ws::SharedFrame frame) {
  if (sealed_) return;
  account(static_cast<std::int64_t>(frame.cost()), 1);
  control_.push_back(std::move(frame));
}

PushResult Outbox::push(ws::SharedFrame frame, Priority priority, MonoMillis now) {
  if (sealed_) return PushResult::dropped;
  if (empty()) born_ms_ = now;
  const auto cost = static_cast<std::uint32_t>(frame.cost());
  return enqueue({.frame = std::move(frame),
                  .cost = cost,
                  .pushed_ms = static_cast<std::uint32_t>(now - born_ms_)},
                 std::to_underlying(priority));
}

PushResult Outbox::push(ws::SharedFrame frame, const PublicationPtr& publication,
                        const void* channel, MonoMillis now) {
  if (sealed_) return PushResult::dropped;
  if (empty()) born_ms_ = now;
  const std::size_t lane = std::to_underlying(publication->priority);
  const DeliveryClass delivery = publication->delivery;
  if (blocked()) {
    if (delivery == DeliveryClass::ephemeral &&
        queued_bytes_ > limits_.queued_bytes_max / kPressureShare) {
      metrics_.drops[DropLabel::ephemeral].add();
      return PushResult::dropped;
    }
    if (const auto merged = merge(publication, channel, lane)) return *merged;
  }
  Entry entry{.frame = std::move(frame),
              .channel = channel,
              .pushed_ms = static_cast<std::uint32_t>(now - born_ms_),
              .ordered = is_ordered(delivery)};
  entry.cost = static_cast<std::uint32_t>(entry.frame.cost());
  if (blocked() && is_mergeable(delivery))
    entry.mergeable = std::make_unique<Mergeable>(Mergeable{publication, nullptr});
  if (entry.ordered) promote(channel, lane);
  const PushResult result = enqueue(std::move(entry), lane);
  if (result == PushResult::queued) {
    if (blocked() && is_mergeable(delivery)) remember(publication, channel, lane);
    return result;
  }
  if (is_ordered(delivery) || publication->lossless) return result;
  metrics_.drops[DropLabel::overflow].add();
  return PushResult::dropped;
}

PushResult Outbox::enqueue(Entry entry, std::size_t lane) {
  if (!empty() && (queued_bytes_ + entry.cost > limits_.queued_bytes_max ||
                   queued_frames_ >= limits_.queued_frames_max))
    return PushResult::overflow;
  account(entry.cost, 1);
  Lane& target = lanes_[lane];
  if (entry.ordered) ++target.ordered;
  target.entries.push_back(std::move(entry));
  return PushResult::queued;
}

std::optional<PushResult> Outbox::merge(const PublicationPtr& publication, const void* channel,
                                        std::size_t lane) {
  if (!is_mergeable(publication->delivery)) return std::nullopt;
  Entry* waiting = find_waiting(merge_name(*publication, channel), lane);
  if (waiting == nullptr) return std::nullopt;
  Mergeable& merged = *waiting->mergeable;
  if (publication->delivery == DeliveryClass::stream) {
    if (!fold(merged, *publication)) return std::nullopt;
    metrics_.drops[DropLabel::folded].add();
  } else {
    merged.publication = publication;
    metrics_.drops[DropLabel::conflated].add();
  }
  waiting->frame = {};
  const std::size_t size = merged.folded ? merged.folded->cost() : publication->cost();
  const auto cost = static_cast<std::uint32_t>(size);
  account(static_cast<std::int64_t>(cost) - waiting->cost, 0);
  waiting->cost = cost;
  return queued_bytes_ > limits_.queued_bytes_max ? PushResult::overflow : PushResult::merged;
}

bool Outbox::fold(Mergeable& waiting, const Publication& piece) {
  if (!waiting.folded) {
    waiting.folded = std::make_unique<Publication>(*waiting.publication);
    waiting.folded->frame = {};
  }
  if (waiting.folded->piece.append(piece.piece) == Fold::apart) return false;
  waiting.folded->ts = piece.ts;
  waiting.publication.reset();
  return true;
}

Outbox::Entry* Outbox::find_waiting(const std::string& name, std::size_t lane) {
  if (!waiting_) return nullptr;
  const auto found = waiting_->find(name);
  if (found == waiting_->end() || found->second.lane != lane) return nullptr;
  Lane& queue = lanes_[lane];
  if (found->second.position < queue.left) return nullptr;  // it has left
  return &queue.entries[queue.head + (found->second.position - queue.left)];
}

void Outbox::remember(const PublicationPtr& publication, const void* channel, std::size_t lane) {
  if (!waiting_) waiting_ = std::make_unique<std::unordered_map<std::string, Place>>();
  (*waiting_)[merge_name(*publication, channel)] = {static_cast<std::uint8_t>(lane),
                                                    lanes_[lane].left + lanes_[lane].size() - 1};
}

void Outbox::promote(const void* channel, std::size_t lane) {
  for (std::size_t lower = lane + 1; lower < kLanes; ++lower) {
    Lane& source = lanes_[lower];
    if (source.ordered == 0) continue;
    std::size_t kept = source.head;
    for (std::size_t i = source.head; i < source.entries.size(); ++i) {
      Entry& entry = source.entries[i];
      if (entry.ordered && entry.channel == channel) {
        --source.ordered;
        ++lanes_[lane].ordered;
        lanes_[lane].entries.push_back(std::move(entry));
      } else if (kept++ != i) {
        source.entries[kept - 1] = std::move(entry);
      }
    }
    if (kept == source.entries.size()) continue;
    source.entries.resize(kept);
    waiting_.reset();  // places have changed; merging starts anew
  }
}

void Outbox::render_merged(Entry& entry) {
  if (entry.frame) return;
  const Mergeable& merged = *entry.mergeable;
  entry.frame = form_.render(merged.folded ? *merged.folded : *merged.publication);
  entry.mergeable.reset();
}

/// The usual case: one lane with little in it, which then leaves as a whole.
bool Outbox::commit_all() {
  if (!control_.empty() || queued_bytes_ > kCommitBytesMax) return false;
  Lane* only = nullptr;
  for (Lane& lane : lanes_) {
    if (lane.empty()) continue;
    if (only != nullptr || lane.head != 0) return false;
    only = &lane;
  }
  if (only == nullptr) return false;
  committed_.swap(only->entries);
  only->left += committed_.size();
  only->ordered = 0;
  for (Entry& entry : committed_) render_merged(entry);
  return true;
}

void Outbox::commit(std::size_t bytes_max) {
  if (commit_all()) return;
  for (ws::SharedFrame& frame : control_) {
    const auto cost = static_cast<std::uint32_t>(frame.cost());
    committed_.push_back({.frame = std::move(frame), .cost = cost});
  }
  control_.clear();

  std::size_t bytes = 0;
  for (Lane& lane : lanes_) {
    while (!lane.empty() && bytes < bytes_max) {
      Entry& entry = lane.entries[lane.head];
      if (entry.ordered) --lane.ordered;
      bytes += entry.cost;
      render_merged(entry);
      committed_.push_back(std::move(entry));
      ++lane.head;
      ++lane.left;
    }
    if (lane.empty()) {
      lane.entries.clear();
      lane.head = 0;
    }
  }
}

void Outbox::join_committed(std::size_t first) {
  if (!form_.batches() || committed_.size() - first < 2) return;
  std::vector<ws::SharedFrame> frames;
  std::uint32_t cost = 0;
  for (std::size_t i = first; i < committed_.size(); ++i) {
    if (committed_[i].frame.opcode() >= ws::Opcode::close) return;
    frames.push_back(committed_[i].frame);
    cost += committed_[i].cost;
  }
  const auto count = static_cast<std::int64_t>(frames.size());
  Entry joined{.frame = form_.join(frames), .cost = 0, .pushed_ms = committed_[first].pushed_ms};
  joined.cost = static_cast<std::uint32_t>(joined.frame.cost());
  account(static_cast<std::int64_t>(joined.cost) - cost, 1 - count);
  committed_.resize(first);
  committed_.push_back(std::move(joined));
}

std::size_t Outbox::gather(std::span<iovec> parts, GatherScratch& scratch) {
  if (!blocked()) {
    commit(kCommitBytesMax);
    join_committed(0);
  }
  std::size_t count = 0;
  std::size_t i = committed_head_;
  if (written_ > 0 && i < committed_.size()) {
    const std::string_view rest = committed_[i++].frame.bytes().substr(written_);
    parts[count++] = {const_cast<char*>(rest.data()), rest.size()};
  }
  scratch.begin();
  while (i < committed_.size() && committed_[i].frame.size() <= kCopyBytesMax &&
         scratch.add(committed_[i].frame))
    ++i;
  if (!scratch.laid_out().empty() && count < parts.size())
    parts[count++] = {scratch.laid_out().data(), scratch.laid_out().size()};
  for (; i < committed_.size() && count < parts.size(); ++i) {
    const std::string_view bytes = committed_[i].frame.bytes();
    parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
  }
  return count;
}

void Outbox::consume(std::size_t bytes) {
  written_ += bytes;
  std::int64_t cost = 0;
  std::int64_t frames = 0;
  while (committed_head_ < committed_.size()) {
    Entry& first = committed_[committed_head_];
    if (written_ < first.frame.size()) break;
    written_ -= first.frame.size();
    cost += first.cost;
    ++frames;
    first.frame = {};
    ++committed_head_;
  }
  account(-cost, -frames);
  if (committed_head_ < committed_.size()) return;
  committed_.clear();
  committed_head_ = 0;
  waiting_.reset();
  if (committed_.capacity() > kKeptEntries) trim();
}

void Outbox::trim() {
  if (!empty()) return;
  for (Lane& lane : lanes_) std::vector<Entry>().swap(lane.entries);
  std::vector<Entry>().swap(committed_);
  std::vector<ws::SharedFrame>().swap(control_);
}

void Outbox::clear() {
  for (Lane& lane : lanes_) {
    for (std::size_t i = lane.head; i < lane.entries.size(); ++i)
      account(-static_cast<std::int64_t>(lane.entries[i].cost), -1);
    lane = Lane{};
  }
  // A frame that has begun to leave must be finished, or the peer cannot read what follows.
  while (committed_.size() > committed_head_ + (written_ > 0 ? 1 : 0)) {
    account(-static_cast<std::int64_t>(committed_.back().cost), -1);
    committed_.pop_back();
  }
  if (!blocked()) {  // only what has left was there
    committed_.clear();
    committed_head_ = 0;
  }
  waiting_.reset();
}

std::optional<MonoMillis> Outbox::oldest() const {
  if (empty()) return std::nullopt;
  std::optional<std::uint32_t> first;
  const auto consider = [&](const Entry& entry) {
    if (!first || entry.pushed_ms < *first) first = entry.pushed_ms;
  };
  if (blocked()) consider(committed_[committed_head_]);
  for (const Lane& lane : lanes_)
    if (!lane.empty()) consider(lane.entries[lane.head]);
  return first ? std::optional(born_ms_ + *first) : std::nullopt;
}

}  // namespace tidewire
