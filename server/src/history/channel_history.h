#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "history/publication.h"
#include "protocol/stream_position.h"

namespace tidewire {

using PublicationPtr = std::shared_ptr<const Publication>;

struct HistoryLimits {
  std::size_t count_max = 100;
  std::size_t bytes_max = 1 << 20;
  std::int64_t age_ms_max = 300'000;
};

/// What the histories of one shard may hold together. A channel that publishes past it gives up
/// its own oldest publications, so that a busy channel cannot push out the others'.
struct HistoryBudget {
  std::size_t bytes_max = SIZE_MAX;
  std::size_t bytes = 0;
};

/// Which publications a caller asks for.
struct HistoryQuery {
  std::optional<StreamPosition> since;
  std::size_t limit = 0;
  bool reverse = false;
};

/// The newest publications of one channel's durable stream, in memory.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  count, bytes and age; past any of them the oldest goes. Positions keep counting, so a
///         reader whose position has been trimmed learns it from recover().
class ChannelHistory {
 public:
  /// `budget` is the shard's and outlives the history; nullptr: none.
  ChannelHistory(const HistoryLimits& limits, std::string epoch, HistoryBudget* budget = nullptr);
  ~ChannelHistory() { clear(); }
  ChannelHistory(const ChannelHistory&) = delete;
  ChannelHistory& operator=(const ChannelHistory&) = delete;

  [[nodiscard]] StreamPosition top() const { return {epoch_, top_}; }
  [[nodiscard]] const std::string& epoch() const { return epoch_; }
  [[nodiscard]] std::uint64_t next_offset() const { return top_ + 1; }
  /// Of the oldest that is here; the next one's when nothing is.
  [[nodiscard]] std::uint64_t first_offset() const {
    return kept_.empty() ? next_offset() : kept_.front()->offset;
  }
  [[nodiscard]] bool empty() const { return kept_.empty(); }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// Keeps `publication`, whose offset is next_offset().
  void append(PublicationPtr publication, WallMillis now);

  /// Goes on where an earlier life of the channel ended: `newest` are the last up to `top`.
  void restore(std::uint64_t top, std::vector<PublicationPtr> newest, WallMillis now);

  /// Everything after `since`, or nullopt when any of it is not here any more: never a part.
  [[nodiscard]] std::optional<std::vector<PublicationPtr>> recover(const StreamPosition& since,
                                                                   WallMillis now);

  /// The newest `count`, oldest first.
  [[nodiscard]] std::vector<PublicationPtr> newest(std::size_t count, WallMillis now);

  /// A page: forward from after `since` (or from the oldest), or backward from before `since` (or
  /// from the newest) with the newest first. A `since` of another epoch gives nullopt.
  [[nodiscard]] std::optional<std::vector<PublicationPtr>> page(const HistoryQuery& query,
                                                                WallMillis now);

  void trim(WallMillis now);
  void clear();

 private:
  void drop_oldest();
  [[nodiscard]] bool over_limit(WallMillis now) const;
  void account(std::ptrdiff_t bytes);
  [[nodiscard]] std::size_t first_after(std::uint64_t offset) const;

  HistoryLimits limits_;
  std::string epoch_;
  HistoryBudget* budget_;
  std::uint64_t top_ = 0;
  std::size_t bytes_ = 0;
  std::deque<PublicationPtr> kept_;
};

}  // namespace tidewire
