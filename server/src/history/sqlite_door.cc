#include "history/sqlite_door.h"

#include <utility>

namespace tidewire {

std::expected<void, Error> SqliteDoor::send(std::unique_ptr<SqliteWork> work, Done done) {
  work->shard = shard_;
  work->generation = generation_;
  work->sequence = sent_ + 1;
  if (!queue_.push(std::move(work)))
    return std::unexpected(Error{.code = ErrorCode::overloaded,
                                 .message = "the queue of the history store is full",
                                 .retry_after_ms = 100});
  ++sent_;
  waiting_.push_back(std::move(done));
  return {};
}

void SqliteDoor::send(std::unique_ptr<SqliteWork> work) {
  work->shard = shard_;
  work->generation = generation_;
  (void)queue_.push(std::move(work));
}

void SqliteDoor::take(const SqliteOutcome& outcome) {
  if (outcome.error) {
    if (outcome.generation < generation_) return;
    generation_ = outcome.generation + 1;
    answered_ = sent_;
    const std::expected<void, Error> failed = std::unexpected(*outcome.error);
    for (Done& each : std::exchange(waiting_, {})) each(failed);
    return;
  }
  auto refused = outcome.refused.begin();
  while (answered_ < outcome.sequence) {
    Done done = std::move(waiting_.front());
    waiting_.pop_front();
    ++answered_;
    if (refused != outcome.refused.end() && refused->first == answered_) {
      done(std::unexpected(refused->second));
      ++refused;
    } else {
      done({});
    }
  }
}

}  // namespace tidewire
