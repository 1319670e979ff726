#include "session/outbox.h"

#include <algorithm>
#include <utility>

#include "session/overflow.h"

namespace tidewire {
namespace {

/// Copying a frame this small costs less than another part of a gather write.
constexpr std::size_t kCopyBytesMax = 1024;
/// One write to a reader that keeps up.
constexpr std::size_t kCommitBytesMax = 256 * 1024;
/// One write to a reader that is behind: what is committed can no longer be overtaken.
constexpr std::size_t kCommitBehindMax = 16 * 1024;
/// Batch frames cannot be taken apart again, so a client that asked for them gets less at a time.
constexpr std::size_t kCommitBatchMax = 64 * 1024;
/// The part of the limit that ephemeral events may use behind a stalled reader, and below which
/// what was spilled may come back.
constexpr std::size_t kPressureShare = 8;
/// Queues keep this much room when they run empty, until trim(); room for one frame is not worth
/// keeping, as most connections are idle most of the time.
constexpr std::size_t kKeptEntries = 256;

}  // namespace

Outbox::Outbox(const OutboxLimits& limits, OutboxForm& form, ServerMetrics& metrics)
    : limits_(limits), form_(form), metrics_(metrics), lanes_(limits.lanes, metrics) {}

Outbox::~Outbox() { metrics_.queue_bytes.sub(static_cast<std::int64_t>(queued_bytes_)); }

void Outbox::account(std::int64_t bytes, std::int64_t frames) {
  queued_bytes_ += static_cast<std::uint32_t>(bytes);
  queued_frames_ += static_cast<std::uint32_t>(frames);
  metrics_.queue_bytes.add(bytes);
}

std::size_t Outbox::pressure_bytes() const { return limits_.queued_bytes_max / kPressureShare; }

/// A growing message is never a reason to close: its text has room of its own.
std::size_t Outbox::bytes_max() const {
  return limits_.queued_bytes_max + std::min<std::size_t>(folded_bytes_, limits_.folded_bytes_max);
}

std::optional<LimitLabel> Outbox::limit_hit(std::size_t lane, std::size_t cost) const {
  if (empty()) return std::nullopt;
  if (queued_bytes_ + cost > bytes_max()) return LimitLabel::queue_bytes;
  if (queued_frames_ >= limits_.queued_frames_max) return LimitLabel::queue_messages;
  if (!lanes_.has_room(lane, cost)) return LimitLabel::lane_bytes;
  return std::nullopt;
}

PushResult Outbox::push_control(ws::SharedFrame frame) {
  if (sealed_) return PushResult::dropped;
  const std::size_t cost = frame.cost();
  if (!empty() &&
      (queued_bytes_ + cost > bytes_max() || queued_frames_ >= limits_.queued_frames_max))
    return PushResult::overflow;
  account(static_cast<std::int64_t>(cost), 1);
  control_.push_back(std::move(frame));
  return PushResult::queued;
}

PushResult Outbox::push(ws::SharedFrame frame, Priority priority, MonoMillis now) {
  return push_reply({.frame = std::move(frame)}, std::to_underlying(priority), now);
}

PushResult Outbox::push(ws::SharedFrame frame, Subscription& channel, MonoMillis now) {
  waiting_.reset();  // what comes after the reply is not merged into what is before it
  return push_reply({.frame = std::move(frame), .channel = &channel, .ordered = 1, .anchor = 1},
                    std::to_underlying(Priority::critical), now);
}

PushResult Outbox::push_reply(QueuedFrame entry, std::size_t lane, MonoMillis now) {
  if (sealed_) return PushResult::dropped;
  if (empty()) born_ms_ = now;
  entry.cost = static_cast<std::uint32_t>(entry.frame.cost());
  entry.set_age(now - born_ms_);
  if (entry.channel != nullptr) lane = lanes_.settle(entry, lane);
  if (const auto limit = limit_hit(lane, entry.cost)) {
    if (!make_room_by_spilling(lane, entry.cost, entry.channel)) {
      metrics_.slow_disconnects[*limit].add();
      return PushResult::overflow;
    }
  }
  account(entry.cost, 1);
  lanes_.push(std::move(entry), lane);
  return PushResult::queued;
}

PushResult Outbox::push(const ws::SharedFrame& frame, const PublicationPtr& publication,
                        Subscription& channel, OverflowPolicy policy, MonoMillis now) {
  if (sealed_) return PushResult::dropped;
  if (empty()) born_ms_ = now;
  // Also between two writes to a reader that is behind: an event that was not remembered would be
  // overtaken by the next one, which would take the place of one before it.
  const bool behind = behind_ || blocked();
  if (behind) {
    if (const auto done = push_behind(publication, channel, policy)) return *done;
  }
  QueuedFrame entry{.frame = frame, .channel = &channel};
  entry.cost = static_cast<std::uint32_t>(frame.cost());
  entry.ordered = is_ordered(publication->delivery) ? 1 : 0;
  entry.anchor = publication->priority_varies ? 1 : 0;
  entry.event = 1;
  entry.droppable = entry.ordered || publication->lossless ? 0 : 1;
  entry.set_age(now - born_ms_);
  const std::size_t lane = lanes_.settle(entry, std::to_underlying(publication->priority));
  if (limit_hit(lane, entry.cost)) {
    if (const auto done = make_room(*publication, channel, policy, lane, entry.cost)) return *done;
  }
  if (policy != OverflowPolicy::by_class)
    entry.spillable = overflow_action(policy, *publication) == OverflowAction::spill ? 1 : 0;
  const bool merges = behind && MergeIndex::merges(*publication, policy);
  if (merges) entry.mergeable = std::make_unique<Mergeable>(Mergeable{publication, nullptr});
  account(entry.cost, 1);
  const Lanes::Place place = lanes_.push(std::move(entry), lane);
  if (merges) waiting_.remember(lanes_, *publication, &channel, place);
  return PushResult::queued;
}

/// Behind a stalled reader: what need not wait is dropped or merged into what waits.
std::optional<PushResult> Outbox::push_behind(const PublicationPtr& publication,
                                              Subscription& channel, OverflowPolicy policy) {
  if (MergeIndex::merges(*publication, policy)) {
    const MergeIndex::Found waiting = waiting_.find(lanes_, *publication, &channel);
    if (waiting.frame != nullptr && waiting.lane <= std::to_underlying(publication->priority) &&
        (!publication->priority_varies || waiting.frame->anchor)) {
      return merge(waiting, publication, channel, policy);
    }
    // A newer one in another lane must not be followed by the one that it replaces.
    if (waiting.frame != nullptr && publication->delivery != DeliveryClass::stream)
      drop([old = waiting.frame](const QueuedFrame& frame) { return &frame == old; },
           DropLabel::conflated);
  }
  if (publication->delivery != DeliveryClass::ephemeral || !drops_early(policy) ||
      queued_bytes_ <= pressure_bytes())
    return std::nullopt;
  metrics_.drops[DropLabel::ephemeral].add();
  return PushResult::dropped;
}

std::optional<PushResult> Outbox::merge(const MergeIndex::Found& waiting,
                                        const PublicationPtr& publication, Subscription& channel,
                                        OverflowPolicy policy) {
  const std::size_t before = waiting.frame->cost;
  const auto merged = merge_into(*waiting.frame, publication);
  if (!merged) return std::nullopt;
  const std::size_t cost = *merged;
  const bool piece = publication->delivery == DeliveryClass::stream;
  if (piece && cost > before) folded_bytes_ += static_cast<std::uint32_t>(cost - before);
  metrics_.drops[piece ? DropLabel::folded : DropLabel::conflated].add();
  lanes_.change_cost(*waiting.frame, waiting.lane, cost);
  account(static_cast<std::int64_t>(cost) - static_cast<std::int64_t>(before), 0);
  const bool fits = queued_bytes_ <= bytes_max() && lanes_.has_room(waiting.lane, 0);
  if (cost <= before || fits) return PushResult::merged;
  const auto refused = make_room(*publication, channel, policy, waiting.lane, 0);
  if (refused == PushResult::dropped)  // it is in the queue already
    drop(
        [&](const QueuedFrame& frame) {
          return frame.mergeable && frame.mergeable->publication == publication;
        },
        DropLabel::overflow);
  return refused.value_or(PushResult::merged);
}

/// nullopt: now there is room.
std::optional<PushResult> Outbox::make_room(const Publication& publication, Subscription& channel,
                                            OverflowPolicy policy, std::size_t lane,
                                            std::size_t cost) {
  const LimitLabel limit = limit_hit(lane, cost).value_or(LimitLabel::queue_bytes);
  switch (overflow_action(policy, publication)) {
    case OverflowAction::drop_oldest:
      drop_oldest(channel, cost);
      if (!limit_hit(lane, cost)) return std::nullopt;
      [[fallthrough]];
    case OverflowAction::drop:
      metrics_.drops[DropLabel::overflow].add();
      return PushResult::dropped;
    case OverflowAction::spill:
      spill(channel, limit);
      metrics_.drops[DropLabel::spilled].add();
      return PushResult::dropped;
    case OverflowAction::disconnect:
      break;
  }
  if (make_room_by_spilling(lane, cost, &channel)) return std::nullopt;
  metrics_.slow_disconnects[limit].add();
  return PushResult::overflow;
}

/// Channels that may be spilled give their room to what must not be.
bool Outbox::make_room_by_spilling(std::size_t lane, std::size_t cost, const Subscription* except) {
  while (const auto limit = limit_hit(lane, cost)) {
    Subscription* channel = nullptr;
    lanes_.for_each([&](const QueuedFrame& frame) {
      if (frame.spillable != 0 && frame.channel != except) channel = frame.channel;
    });
    if (channel == nullptr) return false;
    spill(*channel, *limit);
  }
  return true;
}

/// Makes room for a while, not for one event only: the search through the queue is paid once.
void Outbox::drop_oldest(const Subscription& channel, std::size_t cost) {
  std::size_t missing = pressure_bytes() + cost;
  drop(
      [&](const QueuedFrame& frame) {
        if (frame.channel != &channel || frame.droppable == 0 || missing == 0) return false;
        missing -= std::min<std::size_t>(missing, frame.cost);
        return true;
      },
      DropLabel::oldest);
}

void Outbox::spill(Subscription& channel, LimitLabel limit) {
  drop([&](const QueuedFrame& frame) { return frame.channel == &channel && frame.event != 0; },
       DropLabel::spilled);
  metrics_.spills[limit].add();
  form_.spilled(channel);
}

void Outbox::drop(const std::function<bool(const QueuedFrame&)>& which, DropLabel reason) {
  if (lanes_.empty()) return;
  const Lanes::Amount dropped = lanes_.drop(which);
  account(-static_cast<std::int64_t>(dropped.bytes), -static_cast<std::int64_t>(dropped.frames));
  metrics_.drops[reason].add(dropped.frames);
}

void Outbox::end(Subscription& channel) {
  const auto of_channel = [&](const QueuedFrame& frame) { return frame.channel == &channel; };
  if (behind_ || blocked())
    drop([&](const QueuedFrame& frame) { return of_channel(frame) && frame.event != 0; },
         DropLabel::unsubscribed);
  disown(of_channel);
}

void Outbox::end_all() {
  disown([](const QueuedFrame& frame) { return frame.channel != nullptr; });
}

void Outbox::disown(const std::function<bool(const QueuedFrame&)>& which) {
  if (!lanes_.empty()) lanes_.release(which, std::to_underlying(Priority::critical));
  for (std::size_t i = committed_head_; i < committed_.size(); ++i) {
    if (!which(committed_[i])) continue;
    committed_[i].channel = nullptr;
    committed_[i].lane = QueuedFrame::kNoLane;  // back in its lane it would come too late
  }
}

void Outbox::render_merged(QueuedFrame& entry) {
  if (entry.frame) return;
  const Mergeable& merged = *entry.mergeable;
  entry.frame = form_.render(merged.folded ? *merged.folded : *merged.publication);
  entry.mergeable.reset();
}

void Outbox::commit(std::size_t bytes_max) {
  for (ws::SharedFrame& frame : control_) {
    QueuedFrame entry{.frame = std::move(frame)};
    entry.cost = static_cast<std::uint32_t>(entry.frame.cost());
    entry.lane = QueuedFrame::kControlLane;
    committed_.push_back(std::move(entry));
  }
  CompactVector<ws::SharedFrame>().swap(control_);
  lanes_.take(bytes_max, committed_);
  for (QueuedFrame& entry : committed_) render_merged(entry);
  metrics_.messages_per_write.record(committed_.size());
}

void Outbox::join_committed(const BatchLimits& limits) {
  QueuedFrames joined;
  const std::span all(committed_.data(), committed_.size());
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    std::size_t bytes = 0;
    while (end < all.size() && all[end].frame.opcode() < ws::Opcode::close) {
      bytes += all[end].frame.size();
      if (end > begin && (end - begin >= limits.messages || bytes > limits.bytes)) break;
      ++end;
    }
    const std::size_t count = std::max<std::size_t>(1, end - begin);
    joined.push_back(count == 1 ? std::move(all[begin]) : join(all.subspan(begin, count)));
    begin += count;
  }
  committed_ = std::move(joined);
}

QueuedFrame Outbox::join(std::span<QueuedFrame> run) {
  std::vector<ws::SharedFrame> frames;
  std::int64_t cost = 0;
  for (const QueuedFrame& entry : run) {
    frames.push_back(entry.frame);
    cost += entry.cost;
  }
  QueuedFrame joined{.frame = form_.join(frames)};
  joined.cost = static_cast<std::uint32_t>(joined.frame.cost());
  joined.pushed_ms = run.front().pushed_ms;
  joined.lane = QueuedFrame::kNoLane;
  account(static_cast<std::int64_t>(joined.cost) - cost,
          1 - static_cast<std::int64_t>(frames.size()));
  return joined;
}

std::size_t Outbox::gather(std::span<iovec> parts, GatherScratch& scratch) {
  if (!blocked()) {
    const BatchLimits* batch = form_.batch();
    const std::size_t most =
        batch != nullptr ? std::clamp<std::size_t>(batch->bytes, kCommitBatchMax, kCommitBytesMax)
                         : kCommitBytesMax;
    commit(behind_ ? kCommitBehindMax : most);
    if (batch != nullptr && committed_.size() > 1) join_committed(*batch);
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
  written_ += static_cast<std::uint32_t>(bytes);
  std::int64_t cost = 0;
  std::int64_t frames = 0;
  while (committed_head_ < committed_.size()) {
    QueuedFrame& first = committed_[committed_head_];
    if (written_ < first.frame.size()) break;
    written_ -= static_cast<std::uint32_t>(first.frame.size());
    cost += first.cost;
    ++frames;
    first.frame = {};
    ++committed_head_;
  }
  account(-cost, -frames);
  if (queued_bytes_ <= limits_.queued_bytes_max) folded_bytes_ = 0;
  metrics_.frames_sent.add(static_cast<std::uint64_t>(frames));
  if (blocked()) return recall();
  committed_.clear();
  committed_head_ = 0;
  if (!empty()) return;
  behind_ = false;
  waiting_.reset();
  if (committed_.capacity() > kKeptEntries) return trim();
  if (committed_.capacity() == 1) QueuedFrames().swap(committed_);
}

/// The socket is full: what has not begun to leave can still be overtaken.
void Outbox::recall() {
  behind_ = true;
  std::size_t kept = committed_head_ + (written_ > 0 ? 1 : 0);
  for (std::size_t bytes = 0; kept < committed_.size() && bytes < kCommitBehindMax; ++kept)
    bytes += committed_[kept].cost;
  for (std::size_t i = kept; i < committed_.size(); ++i)
    if (committed_[i].lane >= QueuedFrame::kControlLane) kept = i + 1;  // it has no way back
  if (kept >= committed_.size()) return;
  lanes_.put_back({committed_.data() + kept, committed_.size() - kept});
  committed_.resize(kept);
}

void Outbox::trim() {
  if (!empty()) return;
  lanes_.trim();
  QueuedFrames().swap(committed_);
}

void Outbox::clear() {
  const Lanes::Amount dropped = lanes_.drop([](const QueuedFrame&) { return true; });
  account(-static_cast<std::int64_t>(dropped.bytes), -static_cast<std::int64_t>(dropped.frames));
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
  const auto consider = [&](const QueuedFrame& entry) {
    const std::uint32_t pushed = entry.pushed_ms;
    first = first ? std::min(*first, pushed) : pushed;
  };
  if (blocked()) consider(committed_[committed_head_]);
  for (std::size_t lane = 0; lane < Lanes::kLanes; ++lane)
    if (const QueuedFrame* next = lanes_.first(lane)) consider(*next);
  return first ? std::optional(born_ms_ + *first) : std::nullopt;
}

}  // namespace tidewire
