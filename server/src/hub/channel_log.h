#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "history/channel_history.h"
#include "history/history_store.h"
#include "hub/channel_scope.h"
#include "hub/publish_request.h"

namespace tidewire {

/// The publications that a subscriber is given along, oldest first.
struct Replay {
  bool complete = false;  // everything after the position asked for is here
  std::vector<PublicationPtr> publications;
};

/// The durable stream of one channel: the newest part in memory, all of it in the store.
///
/// An event gets its offset at once and exists from the moment that the store has it: only then is
/// it delivered, answered, counted in top() and readable. So nobody has ever seen what a crash
/// undoes, and an offset that was not stored is given again.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  in memory HistoryLimits; what waits is bounded by the store's queue, and past it the
///         publish is refused with `overloaded`; unsaved messages kUnsavedMax.
/// Errors: `unavailable` (retryable) for everything that waits when the store fails.
class ChannelLog {
 public:
  static constexpr std::size_t kUnsavedMax = 64;
  static constexpr std::size_t kReplayMax = 10'000;  // read from the store for one subscriber

  ChannelLog(const ChannelScope& scope, ChannelLife& life);

  void append(const PublishRequest& request, PublishDone done);
  /// The same for a message that nobody could send again: when the store fails, `done` gets the
  /// error, the message is kept, and `done` is called once more when it is stored after all. An
  /// error that is not retryable: too many are kept, and this one is lost.
  void append_surely(const PublishRequest& request, PublishDone done);

  /// What came after `since`, or the newest `count`. Everything published later is not in it.
  void replay(const std::optional<StreamPosition>& since, std::size_t count,
              std::move_only_function<void(Replay)> done);
  /// `history_unavailable`: `since` is of another epoch.
  void page(const HistoryQuery& query,
            std::move_only_function<void(std::expected<std::vector<PublicationPtr>, Error>)> done);

  /// Forgets everything that is stored now, here and, with its next commit, in the store. Positions
  /// go on counting.
  void remove_all();

  /// Stores what could not be stored before, and lets go of what is too old.
  void sweep();

  [[nodiscard]] StreamPosition top() const { return memory_.top(); }
  [[nodiscard]] std::size_t bytes() const { return memory_.bytes(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t unsaved() const { return unsaved_.size(); }
  /// Nothing is kept, and nothing is on its way to the store or from it.
  [[nodiscard]] bool empty() const {
    return memory_.empty() && waiting_.empty() && unsaved_.empty() && reading_ == 0;
  }

 private:
  struct Waiting {
    PublicationPtr publication;
    std::uint64_t total;
    PublishDone done;
  };

  struct Unsaved {
    std::unique_ptr<PublishParcel> parcel;
    PublishDone done;
  };

  void stored(std::uint64_t attempt, const std::expected<void, Error>& result);
  void take_front();
  void fail_all(const Error& error);
  void keep_unsaved(Unsaved message, Error error);
  void retry_unsaved();
  void trim_store(WallMillis now);
  [[nodiscard]] KeptRange kept(WallMillis now) const;
  [[nodiscard]] std::uint64_t first_stored(WallMillis now) const;
  [[nodiscard]] bool only_in_store(std::uint64_t first, WallMillis now) const;
  void read_older(std::uint64_t first, bool all, std::size_t count, int tries,
                  std::move_only_function<void(Replay)> done);
  [[nodiscard]] std::optional<Replay> join(std::uint64_t first, bool all,
                                           std::vector<PublicationPtr> older);

  const ChannelScope& scope_;
  ChannelHistory memory_;
  std::deque<Waiting> waiting_;
  std::deque<Unsaved> unsaved_;
  bool saving_ = false;
  std::uint64_t attempt_ = 0;  // grows when what waits has failed
  std::uint64_t total_;        // bytes of all stored publications there ever were
  std::uint64_t next_total_;   // with those that wait
  std::uint64_t floor_;        // nothing before it is in the store
  std::uint64_t removed_ = 0;  // everything up to it was removed
  WallMillis trim_at_ = 0;
  std::size_t reading_ = 0;
};

}  // namespace tidewire
