#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "base/task.h"
#include "history/memory_history_store.h"

namespace tidewire {

/// How the next transaction or reading goes.
struct DiskPlan {
  std::int64_t disk_ms = 0;    // until it is on the disk
  std::int64_t answer_ms = 0;  // from then until the shard hears of it
  bool fails = false;
};

/// What a FaultyHistoryStore is told of its world.
struct DiskWorld {
  std::function<void(std::int64_t ms, Task)> later;  // not before that time, in order
  std::function<DiskPlan()> plan;
  std::function<bool()> readable;  // now
  std::size_t queue_max = SIZE_MAX;
};

/// A store for tests whose disk takes its time, writes what waits in one transaction, and fails,
/// all as it is told. Like the one in SQLite: what was queued behind a failure is never written.
///
/// Owner:  a test; one a shard, for one life of the server. `disk` outlives it, as a file outlives
///         a process: what was not committed when the store is destroyed has never been.
/// Thread: none; DiskWorld::later is its time.
class FaultyHistoryStore final : public HistoryStore {
 public:
  FaultyHistoryStore(MemoryHistoryStore& disk, const DiskWorld& world)
      : disk_(disk), world_(world) {}

  std::expected<ChannelLife, Error> open(const std::string& channel,
                                         const OpenLimits& limits) override {
    if (!world_.readable()) return cannot("read");
    return disk_.open(channel, limits);
  }

  std::expected<void, Error> write(const StoredChannelPtr& channel, StoreChange change,
                                   Done done) override {
    if (waiting_.size() >= world_.queue_max)
      return fail(ErrorCode::overloaded, "the queue of the history store is full");
    waiting_.push_back(std::move(done));
    queue_.push_back({generation_, ++sent_, channel, std::move(change)});
    begin();
    return {};
  }

  void read(const StoredChannelPtr& channel, const StoreRead& wanted, ReadDone done) override {
    later(world_.plan().disk_ms, [this, channel, wanted, done = std::move(done)]() mutable {
      if (!world_.readable()) return done(cannot("read"));
      disk_.read(channel, wanted, std::move(done));
    });
  }

  void trim(const StoredChannelPtr& channel, const KeptRange& kept, WallMillis now) override {
    queue_.push_back({generation_, 0, channel, Trim{kept, now}});
    begin();
  }

  void close(const StoredChannelPtr& channel) override { disk_.close(channel); }
  [[nodiscard]] bool outlives_memory() const override { return true; }

  /// kill -9: nothing is written or answered any more.
  void crash() { alive_.reset(); }

 private:
  struct Trim {
    KeptRange kept;
    WallMillis now;
  };
  struct Work {
    std::uint64_t generation;
    std::uint64_t sequence;  // 0: wants no answer
    StoredChannelPtr channel;
    std::variant<StoreChange, Trim> what;
  };

  static std::unexpected<Error> cannot(const std::string& verb) {
    return fail(ErrorCode::unavailable, "the history store cannot " + verb);
  }

  void later(std::int64_t ms, Task task) {
    world_.later(ms, [alive = std::weak_ptr(alive_), task = std::move(task)]() mutable {
      if (!alive.expired()) task();
    });
  }

  /// One transaction at a time; what comes meanwhile goes into the next.
  void begin() {
    if (!alive_ || committing_ || queue_.empty()) return;
    committing_ = true;
    const DiskPlan plan = world_.plan();
    later(plan.disk_ms, [this, plan, group = std::exchange(queue_, {})]() mutable {
      committing_ = false;
      if (plan.fails) {
        fail_group(group, plan.answer_ms);
      } else {
        commit(group, plan.answer_ms);
      }
      begin();
    });
  }

  void commit(std::deque<Work>& group, std::int64_t answer_ms) {
    std::uint64_t last = 0;
    for (Work& each : group) {
      if (each.generation < accepted_) continue;
      if (auto* trim = std::get_if<Trim>(&each.what)) {
        disk_.trim(each.channel, trim->kept, trim->now);
        continue;
      }
      (void)disk_.write(each.channel, std::move(std::get<StoreChange>(each.what)),
                        [](const std::expected<void, Error>&) {});
      last = each.sequence;
    }
    if (last != 0) answer(answer_ms, [this, last] { take(last); });
  }

  void fail_group(const std::deque<Work>& group, std::int64_t answer_ms) {
    const std::uint64_t generation = group.back().generation;
    if (generation < accepted_) return;
    accepted_ = generation + 1;
    answer(answer_ms, [this, generation] { take_failure(generation); });
  }

  /// Answers never overtake each other.
  void answer(std::int64_t ms, Task task) {
    answers_.push_back(std::move(task));
    later(ms, [this] {
      Task next = std::move(answers_.front());
      answers_.pop_front();
      next();
    });
  }

  void take(std::uint64_t last) {
    while (answered_ < last) {
      Done done = std::move(waiting_.front());
      waiting_.pop_front();
      ++answered_;
      done({});
    }
  }

  void take_failure(std::uint64_t generation) {
    if (generation < generation_) return;
    generation_ = generation + 1;
    answered_ = sent_;
    for (Done& each : std::exchange(waiting_, {})) each(cannot("write"));
  }

  MemoryHistoryStore& disk_;
  DiskWorld world_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  // The shard's side.
  std::deque<Done> waiting_;
  std::uint64_t generation_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  // The disk's.
  std::deque<Work> queue_;
  std::uint64_t accepted_ = 0;  // what is of an older generation is not written
  bool committing_ = false;
  std::deque<Task> answers_;
};

}  // namespace tidewire
