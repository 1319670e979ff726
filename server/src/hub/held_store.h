#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "history/memory_history_store.h"

namespace tidewire {

/// A store whose writes and reads wait until a test lets them through or fails them.
class HeldHistoryStore final : public HistoryStore {
 public:
  /// `disk` outlives the store, as a file outlives a process.
  explicit HeldHistoryStore(MemoryHistoryStore& disk) : disk_(disk) {}

  std::expected<ChannelLife, Error> open(const std::string& channel,
                                         const OpenLimits& limits) override {
    if (unreadable) return std::unexpected(*unreadable);
    OpenLimits few = limits;
    few.count_max = std::min(few.count_max, opened_max);
    return disk_.open(channel, few);
  }
  std::expected<void, Error> write(const StoredChannelPtr& channel, StoreChange change,
                                   Done done) override {
    if (waiting_.size() >= waiting_max)
      return fail(ErrorCode::overloaded, "the queue of the store is full");
    waiting_.push_back({channel, std::move(change), std::move(done)});
    if (passes) commit();
    return {};
  }
  void read(const StoredChannelPtr& channel, const StoreRead& wanted, ReadDone done) override {
    reads_.emplace_back([this, channel, wanted, done = std::move(done)]() mutable {
      if (unreadable) return done(std::unexpected(*unreadable));
      disk_.read(channel, wanted, std::move(done));
    });
    if (passes) finish_reads();
  }
  void trim(const StoredChannelPtr& channel, const KeptRange& kept, WallMillis now) override {
    disk_.trim(channel, kept, now);
  }
  void close(const StoredChannelPtr& channel) override { disk_.close(channel); }
  [[nodiscard]] bool outlives_memory() const override { return true; }

  /// Stores the first `count` that wait.
  void commit(std::size_t count = SIZE_MAX) {
    while (count-- > 0 && !waiting_.empty()) {
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      (void)disk_.write(next.channel, std::move(next.change), std::move(next.done));
    }
  }
  /// Everything that waits fails, and nothing of it is stored.
  void fail_all(const Error& error) {
    auto failed = std::exchange(waiting_, {});
    for (Waiting& each : failed) each.done(std::unexpected(error));
  }
  void finish_reads() {
    for (auto& each : std::exchange(reads_, {})) each();
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  bool passes = false;
  std::size_t waiting_max = SIZE_MAX;
  std::size_t opened_max = SIZE_MAX;
  std::optional<Error> unreadable;

 private:
  struct Waiting {
    StoredChannelPtr channel;
    StoreChange change;
    Done done;
  };

  MemoryHistoryStore& disk_;
  std::deque<Waiting> waiting_;
  std::deque<std::move_only_function<void()>> reads_;
};

}  // namespace tidewire
