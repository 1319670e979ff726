#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <sys/uio.h>

#include "base/clock.h"
#include "config/config.h"
#include "observability/server_metrics.h"
#include "session/batch_limits.h"
#include "session/gather_scratch.h"
#include "session/lanes.h"
#include "session/merge_index.h"
#include "ws/shared_frame.h"

namespace tidewire {

struct OutboxLimits {
  std::size_t queued_bytes_max = 1024 * 1024;
  std::size_t queued_frames_max = 16'384;
  std::size_t folded_bytes_max = 0;  // that growing messages may take beyond queued_bytes_max
  LaneLimits lanes;
};

/// Writes in a connection's form what the outbox itself puts together, and hears of spills.
class OutboxForm {
 public:
  /// `publication` with its content, folded or not, as one frame.
  [[nodiscard]] virtual ws::SharedFrame render(const Publication& publication) const = 0;
  /// One batch frame out of several plain frames; only asked when batch() answers limits.
  [[nodiscard]] virtual ws::SharedFrame join(std::span<const ws::SharedFrame> frames) const = 0;
  /// How large batch frames may be; nullptr: the client did not ask for any.
  [[nodiscard]] virtual const BatchLimits* batch() const = 0;
  /// What waited of this channel is gone: nothing more of it may be pushed, and the client is to
  /// be told once spill_over() is true.
  virtual void spilled(Subscription& channel) = 0;

 protected:
  ~OutboxForm() = default;
};

/// What became of a frame that was pushed.
enum class PushResult : std::uint8_t {
  queued,
  merged,    // conflated with or folded into one that waits
  dropped,   // it may be lost, or its channel was spilled
  overflow,  // the reader is too slow: close it, recovery heals it
};

/// The frames waiting to leave one connection: control frames, then four lanes that share what the
/// reader takes (Lanes).
///
/// Owner:  one Connection; never shared, never moved.
/// Thread: that connection's shard.
/// Order:  see Lanes; what has been laid out by gather() is not overtaken, and behind a slow
///         socket that is little.
/// Limit:  OutboxLimits. Behind a stalled reader ephemeral events are dropped, `latest` ones
///         conflated and pieces folded; at the limit the namespace's OverflowPolicy says what
///         happens (session/overflow.h). It never blocks and never grows. Into an empty outbox
///         anything goes, so that a large reply can pass.
/// Time:   flushed once per loop turn, so that one gather write carries many frames.
class Outbox {
 public:
  /// `limits` are shared by the connections and outlive them.
  Outbox(const OutboxLimits& limits, OutboxForm& form, ServerMetrics& metrics);
  Outbox(OutboxLimits&& limits, OutboxForm& form, ServerMetrics& metrics) = delete;
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Pongs and heartbeats: leaves before everything that is not on its way already.
  [[nodiscard]] PushResult push_control(ws::SharedFrame frame);
  /// A reply or push of the server itself.
  [[nodiscard]] PushResult push(ws::SharedFrame frame, Priority priority, MonoMillis now);
  /// A reply that has its place among the events of `channel`. It is critical and takes what waits
  /// of them along; what is pushed later does not leave before it.
  [[nodiscard]] PushResult push(ws::SharedFrame frame, Subscription& channel, MonoMillis now);
  /// An event of `channel`.
  [[nodiscard]] PushResult push(const ws::SharedFrame& frame, const PublicationPtr& publication,
                                Subscription& channel, OverflowPolicy policy, MonoMillis now);
  /// The subscription ends: no event of it leaves behind what is pushed as critical from now on,
  /// and what waits belongs to no channel any more. Behind a slow reader its events are dropped,
  /// for the others they go first. Replies are never dropped.
  void end(Subscription& channel);
  /// All subscriptions end and nothing is dropped: what waits goes before what is pushed as
  /// critical from now on.
  void end_all();

  /// Lays out the next bytes to write, in at most `parts.size()` parts; small frames in a row
  /// become one part in `scratch`. Returns how many parts there are.
  [[nodiscard]] std::size_t gather(std::span<iovec> parts, GatherScratch& scratch);
  /// `bytes` of what gather() laid out have been written. When that was not all, the socket is
  /// full: most of what was laid out waits in its lane again.
  void consume(std::size_t bytes);

  /// Forgets everything that has not begun to leave.
  void clear();
  /// Gives the room back that a burst has taken; for a quiet moment.
  void trim();
  /// Takes nothing any more: a close frame is the last one. What is pushed is dropped.
  void seal() { sealed_ = true; }

  [[nodiscard]] bool empty() const { return queued_frames_ == 0; }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  [[nodiscard]] std::size_t queued_frames() const { return queued_frames_; }
  /// The reader has caught up so far that spilled channels can come back.
  [[nodiscard]] bool spill_over() const { return queued_bytes_ <= pressure_bytes(); }
  /// When the oldest waiting frame was pushed; nullopt when empty.
  [[nodiscard]] std::optional<MonoMillis> oldest() const;

 private:
  [[nodiscard]] bool blocked() const { return committed_head_ < committed_.size(); }
  [[nodiscard]] PushResult push_reply(QueuedFrame entry, std::size_t lane, MonoMillis now);
  [[nodiscard]] std::size_t pressure_bytes() const;
  [[nodiscard]] std::size_t bytes_max() const;
  [[nodiscard]] std::optional<LimitLabel> limit_hit(std::size_t lane, std::size_t cost) const;
  [[nodiscard]] std::optional<PushResult> push_behind(const PublicationPtr& publication,
                                                      Subscription& channel, OverflowPolicy policy);
  [[nodiscard]] std::optional<PushResult> merge(const MergeIndex::Found& waiting,
                                                const PublicationPtr& publication,
                                                Subscription& channel, OverflowPolicy policy);
  [[nodiscard]] std::optional<PushResult> make_room(const Publication& publication,
                                                    Subscription& channel, OverflowPolicy policy,
                                                    std::size_t lane, std::size_t cost);
  [[nodiscard]] bool make_room_by_spilling(std::size_t lane, std::size_t cost,
                                           const Subscription* except);
  void drop_oldest(const Subscription& channel, std::size_t cost);
  void spill(Subscription& channel, LimitLabel limit);
  void drop(const std::function<bool(const QueuedFrame&)>& which, DropLabel reason);
  void disown(const std::function<bool(const QueuedFrame&)>& which);
  void commit(std::size_t bytes_max);
  void render_merged(QueuedFrame& frame);
  void join_committed(const BatchLimits& limits);
  [[nodiscard]] QueuedFrame join(std::span<QueuedFrame> run);
  void recall();
  void account(std::int64_t bytes, std::int64_t frames);

  const OutboxLimits& limits_;
  OutboxForm& form_;
  ServerMetrics& metrics_;
  Lanes lanes_;
  MergeIndex waiting_;
  CompactVector<ws::SharedFrame> control_;
  QueuedFrames committed_;  // on their way, in this order
  std::uint32_t committed_head_ = 0;
  std::uint32_t written_ = 0;  // of the first committed frame
  std::uint32_t queued_bytes_ = 0;
  std::uint32_t queued_frames_ = 0;
  std::uint32_t folded_bytes_ = 0;  // by which folds have grown since the queue fitted its limit
  MonoMillis born_ms_ = 0;
  bool behind_ = false;  // the socket was full, and there has been no quiet moment since
  bool sealed_ = false;
};

}  // namespace tidewire
