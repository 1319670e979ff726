#pragma once

#include <deque>
#include <expected>
#include <functional>
#include <memory>

#include "history/sqlite_queue.h"
#include "history/sqlite_writer.h"

namespace tidewire {

/// One shard's way to the writer: what it has sent waits here for its answer, in order.
///
/// A generation is what the shard believes about the file. When the writer fails, everything that
/// waits here fails, and the next generation begins: only work of it builds on what is stored.
///
/// Owner:  SqliteStorage. Thread: the shard's.
/// Errors: `overloaded` when the queue is full.
class SqliteDoor {
 public:
  using Done = std::move_only_function<void(const std::expected<void, Error>&)>;

  SqliteDoor(std::uint16_t shard, SqliteQueue& queue) : shard_(shard), queue_(queue) {}

  [[nodiscard]] std::expected<void, Error> send(std::unique_ptr<SqliteWork> work, Done done);
  /// Work that nobody waits for; a full queue drops it.
  void send(std::unique_ptr<SqliteWork> work);

  void take(const SqliteOutcome& outcome);
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  std::uint16_t shard_;
  SqliteQueue& queue_;
  std::uint64_t generation_ = 1;
  std::uint64_t sent_ = 0;      // the sequence of the newest
  std::uint64_t answered_ = 0;  // everything up to it
  std::deque<Done> waiting_;
};

}  // namespace tidewire
