#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/uio.h>

#include "base/clock.h"
#include "history/channel_history.h"
#include "observability/server_metrics.h"
#include "session/gather_scratch.h"
#include "ws/shared_frame.h"

namespace tidewire {

struct OutboxLimits {
  std::size_t queued_bytes_max = 1024 * 1024;
  std::size_t queued_frames_max = 16'384;
};

/// Writes in a connection's form what the outbox itself puts together.
class OutboxForm {
 public:
  /// `publication` with its content, folded or not, as one frame.
  [[nodiscard]] virtual ws::SharedFrame render(const Publication& publication) const = 0;
  /// One batch frame out of several plain frames; only asked when batches() is true.
  [[nodiscard]] virtual ws::SharedFrame join(std::span<const ws::SharedFrame> frames) const = 0;
  [[nodiscard]] virtual bool batches() const = 0;

 protected:
  ~OutboxForm() = default;
};

/// What became of a frame that was pushed.
enum class PushResult : std::uint8_t {
  queued,
  merged,    // conflated with or folded into one that waits
  dropped,   // ephemeral under pressure
  overflow,  // the reader is too slow: close it, recovery heals it
};

/// The frames waiting to leave one connection: four lanes by priority, first in first out within a
/// lane, and control frames before all of them.
///
/// Owner:   one Connection; never shared, never moved.
/// Thread:  that connection's shard.
/// Order:   durable and stream events of one channel never overtake each other: a more urgent one
///          takes those that wait before it along into its lane.
/// Limit:   OutboxLimits. Behind a stalled reader ephemeral events are dropped, `latest` ones
///          conflated and pieces folded; past the limit push() reports `overflow`. It never blocks
///          and never grows. Into an empty outbox anything goes, so that a large reply can pass.
/// Time:    flushed once per loop turn, so that one gather write carries many frames.
class Outbox {
 public:
  Outbox(const OutboxLimits& limits, const OutboxForm& form, ServerMetrics& metrics);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Pongs and the like: leaves before everything that is not on its way already.
  void push_control(ws::SharedFrame frame);
  /// A reply or push of the server itself.
  [[nodiscard]] PushResult push(ws::SharedFrame frame, Priority priority, MonoMillis now);
  /// An event. `channel` tells channels apart (a Subscription's address).
  [[nodiscard]] PushResult push(ws::SharedFrame frame, const PublicationPtr& publication,
                                const void* channel, MonoMillis now);

  /// Lays out the next bytes to write, in at most `parts.size()` parts; small frames in a row
  /// become one part in `scratch`. Returns how many parts there are.
  [[nodiscard]] std::size_t gather(std::span<iovec> parts, GatherScratch& scratch);
  /// `bytes` of what gather() laid out have been written.
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
  /// When the oldest waiting frame was pushed; nullopt when empty.
  [[nodiscard]] std::optional<MonoMillis> oldest() const;

 private:
  /// What a later event can be merged into, behind a stalled reader.
  struct Mergeable {
    PublicationPtr publication;
    std::unique_ptr<Publication> folded;  // several pieces as one, still growing
  };
  struct Entry {
    ws::SharedFrame frame;  // empty: rendered from `mergeable` when it leaves
    std::unique_ptr<Mergeable> mergeable;
    const void* channel = nullptr;
    std::uint32_t cost = 0;
    std::uint32_t pushed_ms : 31 = 0;  // since born_ms_
    std::uint32_t ordered : 1 = 0;     // durable or stream
  };
  static_assert(sizeof(Entry) == 32);
  /// A queue in a vector: `head` entries at the front have left.
  struct Lane {
    std::vector<Entry> entries;
    std::size_t head = 0;
    std::uint64_t left = 0;   // entries that ever left: position = left + index - head
    std::size_t ordered = 0;  // waiting entries whose order within a channel matters
    [[nodiscard]] bool empty() const { return head == entries.size(); }
    [[nodiscard]] std::size_t size() const { return entries.size() - head; }
  };
  struct Place {
    std::uint8_t lane;
    std::uint64_t position;
  };

  PushResult enqueue(Entry entry, std::size_t lane);
  [[nodiscard]] bool blocked() const { return committed_head_ < committed_.size(); }
  [[nodiscard]] std::optional<PushResult> merge(const PublicationPtr& publication,
                                                const void* channel, std::size_t lane);
  static bool fold(Mergeable& waiting, const Publication& piece);
  [[nodiscard]] Entry* find_waiting(const std::string& name, std::size_t lane);
  void remember(const PublicationPtr& publication, const void* channel, std::size_t lane);
  void promote(const void* channel, std::size_t lane);
  void commit(std::size_t bytes_max);
  bool commit_all();
  void render_merged(Entry& entry);
  void join_committed(std::size_t first);
  void account(std::int64_t bytes, std::int64_t frames);

  static constexpr std::size_t kLanes = kPriorityCount;

  OutboxLimits limits_;
  const OutboxForm& form_;
  ServerMetrics& metrics_;
  std::array<Lane, kLanes> lanes_;
  std::vector<ws::SharedFrame> control_;
  std::vector<Entry> committed_;  // on their way, in this order
  std::size_t committed_head_ = 0;
  std::size_t written_ = 0;  // of the first committed frame
  std::size_t queued_bytes_ = 0;
  std::size_t queued_frames_ = 0;
  MonoMillis born_ms_ = 0;
  bool sealed_ = false;
  std::unique_ptr<std::unordered_map<std::string, Place>> waiting_;  // only behind a stalled reader
};

}  // namespace tidewire
