#include "history/sqlite_writer.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "observability/log.h"

namespace tidewire {
namespace {

constexpr MonoMillis kChoresMs = 60'000;
constexpr MonoMillis kProbeMs = 1'000;
constexpr int kRetryAfterMs = 1'000;

Error unavailable(const std::string& reason) {
  return {.code = ErrorCode::unavailable,
          .message = "the history store cannot write: " + reason,
          .retry_after_ms = kRetryAfterMs};
}

}  // namespace

SqliteWriter::SqliteWriter(SqliteFile& file, SqliteQueue& queue, SqliteTransaction& transaction,
                           SqliteCheckpointer& checkpointer, StoreMetrics& metrics,
                           std::size_t shards, Tell tell)
    : file_(file),
      queue_(queue),
      transaction_(transaction),
      checkpointer_(checkpointer),
      metrics_(metrics),
      tell_(std::move(tell)),
      accepted_(shards, 0),
      outcomes_(shards),
      chores_at_(clock_.mono_ms()),
      thread_([this] { run(); }) {}

SqliteWriter::~SqliteWriter() {
  stopping_.store(true);
  queue_.wake();
  thread_.join();
}

std::optional<std::string> SqliteWriter::fault() const {
  const std::scoped_lock lock(fault_mutex_);
  return fault_;
}

void SqliteWriter::set_fault(std::optional<std::string> fault) {
  const std::scoped_lock lock(fault_mutex_);
  fault_ = std::move(fault);
}

void SqliteWriter::run() {
  while (true) {
    const bool last = stopping_.load();
    write_all(queue_.take(last ? 0 : static_cast<int>(kProbeMs)));
    if (last) return;
    if (failing_ || clock_.mono_ms() >= chores_at_) do_chores();
  }
}

void SqliteWriter::write_all(Group work) {
  const std::size_t most = file_.options().sync == HistorySync::always ? 1 : kGroupMax;
  std::span<std::unique_ptr<SqliteWork>> rest(work);
  while (!rest.empty()) {
    const auto group = rest.first(std::min(most, rest.size()));
    rest = rest.subspan(group.size());
    write_group(group);
    std::size_t bytes = 0;
    for (const auto& each : group) bytes += each->bytes;
    queue_.release(bytes);
  }
}

void SqliteWriter::write_group(std::span<std::unique_ptr<SqliteWork>> group) {
  const MonoMicros began = clock_.mono_us();
  const WallMillis now = clock_.wall_ms();
  const auto stale = [this](const auto& each) { return each->generation < accepted_[each->shard]; };
  if (std::ranges::all_of(group, stale)) return;
  const std::int64_t changes_before = file_.db().changes();
  std::size_t taken = 0;
  try {
    transaction_.begin();
    for (const auto& each : group) {
      if (stale(each)) continue;
      auto refused = transaction_.apply(*each, now);
      ++taken;
      if (each->sequence == 0) continue;
      SqliteOutcome& outcome = outcomes_[each->shard];
      outcome.sequence = each->sequence;
      if (refused) outcome.refused.emplace_back(each->sequence, std::move(*refused));
    }
    transaction_.commit();
  } catch (const SqliteError& error) {
    return fail_group(group, error.what());
  }
  metrics_.commit_seconds.record(std::chrono::microseconds(clock_.mono_us() - began));
  metrics_.group_size.record(taken);
  metrics_.changes.add(taken);
  // A transaction that wrote nothing proves nothing.
  if (failing_ && file_.db().changes() > changes_before) {
    failing_ = false;
    set_fault(std::nullopt);
    log_info("history is stored again", {{"file", file_.options().path}});
  }
  for (std::size_t shard = 0; shard < outcomes_.size(); ++shard)
    if (outcomes_[shard].sequence != 0)
      tell_(static_cast<std::uint16_t>(shard), std::exchange(outcomes_[shard], {}));
  checkpointer_.after_commit();
}

void SqliteWriter::fail_group(std::span<std::unique_ptr<SqliteWork>> group,
                              const std::string& reason) {
  try {
    transaction_.rollback();
  } catch (const SqliteError&) {
    // The next begin() says so.
  }
  metrics_.failures.add();
  set_fault(reason);
  if (!std::exchange(failing_, true))
    log_error("history cannot be stored: publishes are refused until it can",
              {{"file", file_.options().path}, {"reason", reason}});
  for (SqliteOutcome& each : outcomes_) each = {};
  for (const auto& each : group) {
    if (each->generation < accepted_[each->shard]) continue;
    accepted_[each->shard] = each->generation + 1;
    tell_(each->shard, {.generation = each->generation, .error = unavailable(reason)});
  }
}

void SqliteWriter::do_chores() {
  try {
    if (failing_) {
      // Nobody may be publishing, so it is tried.
      transaction_.begin();
      file_.db().run("INSERT OR REPLACE INTO meta VALUES ('probe', hex(randomblob(512)))");
      transaction_.commit();
      failing_ = false;
      set_fault(std::nullopt);
      log_info("history is stored again", {{"file", file_.options().path}});
    }
    if (clock_.mono_ms() < chores_at_) return;
    const bool more = transaction_.forget(clock_.wall_ms());
    chores_at_ = clock_.mono_ms() + (more ? 0 : kChoresMs);
  } catch (const SqliteError& error) {
    fail_group({}, error.what());
    chores_at_ = clock_.mono_ms() + kChoresMs;
  }
}

}  // namespace tidewire
