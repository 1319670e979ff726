#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/task.h"
#include "history/memory_history_store.h"
#include "history/memory_session_store.h"

namespace tidewire {

/// How the next transaction or reading goes.
struct DiskPlan {
  std::int64_t disk_ms = 0;    // until it is on the disk
  std::int64_t answer_ms = 0;  // from then until the shards hear of it
  bool fails = false;
};

/// What a FaultyStorage is told of its world.
struct DiskWorld {
  std::function<void(std::int64_t ms, Task)> later;  // not before that time, in order
  std::function<DiskPlan()> plan;
  std::function<bool()> readable;    // now
  std::size_t queue_max = SIZE_MAX;  // changes of one shard
  std::size_t group_max = SIZE_MAX;  // changes in one transaction
};

/// What is on the disk: it outlives every FaultyStorage, as a file outlives a process.
struct DiskRows {
  MemoryHistoryStore channels{MemoryHistoryStore::Keeps::channels};
  MemorySessionStore sessions;

  void copy_of(const DiskRows& other) {
    channels.copy_of(other.channels);
    sessions.copy_of(other.sessions);
  }
  /// The machine went down before all of it was synced (SqliteFile).
  void begin_anew() { channels.begin_anew(); }
};

/// Channels and sessions on a disk that takes its time, writes what waits in one transaction, and
/// fails, all as it is told: what SqliteStorage is, without threads and files, for tests and the
/// simulation. What was queued behind a failure is never written.
///
/// Owner:  a test; one for one life of the server. What was not committed when it is destroyed has
///         never been.
/// Thread: none; DiskWorld::later is its time.
class FaultyStorage {
 public:
  FaultyStorage(DiskRows& rows, const DiskWorld& world, std::size_t shards)
      : rows_(rows), world_(world) {
    for (std::size_t i = 0; i < shards; ++i) doors_.push_back(std::make_unique<Door>(*this));
  }
  FaultyStorage(const FaultyStorage&) = delete;
  FaultyStorage& operator=(const FaultyStorage&) = delete;

  [[nodiscard]] HistoryStore& history(std::size_t shard) { return doors_[shard]->history; }
  [[nodiscard]] SessionStore& sessions(std::size_t shard) { return doors_[shard]->sessions; }

  /// kill -9: nothing is written or answered any more.
  void crash() { alive_.reset(); }

 private:
  struct Door;
  using Done = HistoryStore::Done;
  using Result = std::expected<void, Error>;
  using Refused = std::map<std::uint64_t, Error>;  // by sequence

  /// One change of a shard; the error is one that concerns nobody else.
  struct Work {
    Door* door;
    std::uint64_t generation;
    std::uint64_t sequence;  // 0: wants no answer
    std::move_only_function<std::optional<Error>()> apply;
  };

  class History final : public HistoryStore {
   public:
    explicit History(Door& door) : door_(door) {}

    std::expected<ChannelLife, Error> open(const std::string& channel,
                                           const OpenLimits& limits) override {
      if (!storage().world_.readable()) return cannot("read");
      return rows().open(channel, limits);
    }
    Result write(const StoredChannelPtr& channel, StoreChange change, Done done) override {
      return door_.send(
          [this, channel, change = std::move(change)]() mutable {
            (void)rows().write(channel, std::move(change), [](const Result&) {});
            return std::nullopt;
          },
          std::move(done));
    }
    void read(const StoredChannelPtr& channel, const StoreRead& wanted, ReadDone done) override {
      storage().later(storage().world_.plan().disk_ms,
                      [this, channel, wanted, done = std::move(done)]() mutable {
                        if (!storage().world_.readable()) return done(cannot("read"));
                        rows().read(channel, wanted, std::move(done));
                      });
    }
    void trim(const StoredChannelPtr& channel, const KeptRange& kept, WallMillis now) override {
      door_.send([this, channel, kept, now] {
        rows().trim(channel, kept, now);
        return std::nullopt;
      });
    }
    void close(const StoredChannelPtr& channel) override { rows().close(channel); }
    [[nodiscard]] bool outlives_memory() const override { return true; }

   private:
    FaultyStorage& storage() { return door_.storage; }
    MemoryHistoryStore& rows() { return door_.storage.rows_.channels; }

    Door& door_;
  };

  class Sessions final : public SessionStore {
   public:
    explicit Sessions(Door& door) : door_(door) {}

    void put(SessionRecord record, Done done) override {
      send(
          [this, record = std::move(record)]() mutable {
            std::optional<Error> refused;
            rows().put(std::move(record), [&](const Result& result) {
              if (!result) refused = result.error();
            });
            return refused;
          },
          std::move(done));
    }
    void get(std::string id, WallMillis now, Found found) override {
      auto slot = std::make_shared<std::optional<SessionRecord>>();
      send(
          [this, id = std::move(id), now, slot] {
            rows().get(id, now, [&](auto record) { *slot = std::move(*record); });
            return std::nullopt;
          },
          [slot, found = std::move(found)](const Result& done) mutable {
            if (!done) return found(std::unexpected(done.error()));
            found(std::move(*slot));
          });
    }
    void erase(std::string id, Done done) override {
      send(
          [this, id = std::move(id)] {
            rows().erase(id, [](const Result&) {});
            return std::nullopt;
          },
          std::move(done));
    }
    void expire(WallMillis now) override {
      door_.send([this, now] {
        rows().expire(now);
        return std::nullopt;
      });
    }

   private:
    void send(std::move_only_function<std::optional<Error>()> apply, Done done) {
      auto asker = std::make_shared<Done>(std::move(done));
      const auto sent =
          door_.send(std::move(apply), [asker](const Result& result) { (*asker)(result); });
      if (!sent) (*asker)(std::unexpected(sent.error()));
    }
    MemorySessionStore& rows() { return door_.storage.rows_.sessions; }

    Door& door_;
  };

  /// A shard's way to the disk: what it has sent waits here for its answer, in order.
  struct Door {
    explicit Door(FaultyStorage& owner) : storage(owner), history(*this), sessions(*this) {}

    Result send(std::move_only_function<std::optional<Error>()> apply, Done done) {
      if (waiting.size() >= storage.world_.queue_max)
        return fail(ErrorCode::overloaded, "the queue of the history store is full");
      waiting.push_back(std::move(done));
      storage.push({this, generation, ++sent, std::move(apply)});
      return {};
    }
    void send(std::move_only_function<std::optional<Error>()> apply) {
      storage.push({this, generation, 0, std::move(apply)});
    }

    /// Answers never overtake each other.
    void answer(std::int64_t ms, Task task) {
      answers.push_back(std::move(task));
      storage.later(ms, [this] {
        Task next = std::move(answers.front());
        answers.pop_front();
        next();
      });
    }
    void take(std::uint64_t last, const Refused& refused) {
      while (answered < last) {
        Done done = std::move(waiting.front());
        waiting.pop_front();
        const auto found = refused.find(++answered);
        done(found == refused.end() ? Result() : std::unexpected(found->second));
      }
    }
    void take_failure(std::uint64_t failed) {
      if (failed < generation) return;
      generation = failed + 1;
      answered = sent;
      for (Done& each : std::exchange(waiting, {})) each(cannot("write"));
    }

    FaultyStorage& storage;
    History history;
    Sessions sessions;
    std::deque<Done> waiting;
    std::uint64_t generation = 0;
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::deque<Task> answers;
    std::uint64_t accepted = 0;  // the disk's: what is of an older generation is not written
  };

  static std::unexpected<Error> cannot(const std::string& verb) {
    return fail(ErrorCode::unavailable, "the history store cannot " + verb);
  }

  void later(std::int64_t ms, Task task) {
    world_.later(ms, [alive = std::weak_ptr(alive_), task = std::move(task)]() mutable {
      if (!alive.expired()) task();
    });
  }

  void push(Work work) {
    queue_.push_back(std::move(work));
    begin();
  }

  /// One transaction at a time; what comes meanwhile goes into the next.
  void begin() {
    if (!alive_ || committing_ || queue_.empty()) return;
    committing_ = true;
    const DiskPlan plan = world_.plan();
    std::vector<Work> group;
    for (; !queue_.empty() && group.size() < world_.group_max; queue_.pop_front())
      group.push_back(std::move(queue_.front()));
    later(plan.disk_ms, [this, plan, group = std::move(group)]() mutable {
      committing_ = false;
      if (plan.fails) {
        fail_group(group, plan.answer_ms);
      } else {
        commit(group, plan.answer_ms);
      }
      begin();
    });
  }

  void commit(std::vector<Work>& group, std::int64_t answer_ms) {
    std::map<Door*, std::pair<std::uint64_t, Refused>> outcomes;
    for (Work& each : group) {
      if (each.generation < each.door->accepted) continue;
      auto refused = each.apply();
      if (each.sequence == 0) continue;
      auto& [last, all_refused] = outcomes[each.door];
      last = each.sequence;
      if (refused) all_refused.emplace(last, std::move(*refused));
    }
    for (const auto& door : doors_) {
      const auto found = outcomes.find(door.get());
      if (found == outcomes.end()) continue;
      door->answer(answer_ms, [door = door.get(), outcome = std::move(found->second)] {
        door->take(outcome.first, outcome.second);
      });
    }
  }

  void fail_group(const std::vector<Work>& group, std::int64_t answer_ms) {
    for (const Work& each : group) {
      if (each.generation < each.door->accepted) continue;
      each.door->accepted = each.generation + 1;
      each.door->answer(answer_ms, [door = each.door, generation = each.generation] {
        door->take_failure(generation);
      });
    }
  }

  DiskRows& rows_;
  DiskWorld world_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<std::unique_ptr<Door>> doors_;
  std::deque<Work> queue_;
  bool committing_ = false;
};

}  // namespace tidewire
