#include "hub/channel_log.h"

#include <algorithm>
#include <utility>

#include "hub/publication_factory.h"
#include "hub/stored_key.h"
#include "observability/log.h"

namespace tidewire {
namespace {

constexpr WallMillis kTrimMsMin = 5'000;
constexpr std::uint64_t kTrimSlack = 64;
constexpr int kReadTries = 3;

HistoryLimits history_limits(const NamespaceConfig& options) {
  return {.count_max = options.history_size,
          .bytes_max = options.history_bytes,
          .age_ms_max = options.history_ttl.count()};
}

}  // namespace

ChannelLog::ChannelLog(const ChannelScope& scope, ChannelLife& life)
    : scope_(scope),
      memory_(history_limits(scope.options), scope.stored->epoch, &scope.context.history_budget),
      total_(life.bytes_total),
      next_total_(life.bytes_total),
      floor_(life.first_offset == 0 ? life.top + 1 : life.first_offset) {
  memory_.restore(life.top, std::move(life.newest), scope.now());
}

void ChannelLog::append(const PublishRequest& request, PublishDone done) {
  const WallMillis now = scope_.now();
  const std::uint64_t offset = memory_.next_offset() + waiting_.size();
  PublicationPtr made =
      make_publication(scope_.context.codec, request,
                       {.position = StreamPosition{memory_.epoch(), offset}, .ts = now});
  const std::uint64_t cost = made->cost();
  next_total_ += cost;
  waiting_.push_back({made, next_total_, std::move(done)});
  const auto queued = scope_.context.store.write(
      scope_.stored,
      AppendChange{.publication = std::move(made),
                   .total = next_total_,
                   .expires_at = now + scope_.options.history_ttl.count(),
                   .key = key_of(request),
                   .key_expires_at = now + scope_.options.idempotency_window.count()},
      [this, attempt = attempt_](const std::expected<void, Error>& result) {
        stored(attempt, result);
      });
  if (queued) return;
  next_total_ -= cost;
  PublishDone refused = std::move(waiting_.back().done);
  waiting_.pop_back();
  refused(std::unexpected(queued.error()));
}

void ChannelLog::stored(std::uint64_t attempt, const std::expected<void, Error>& result) {
  if (attempt != attempt_) return;  // its answer went out with the first that failed
  if (!result) return fail_all(result.error());
  take_front();
}

void ChannelLog::take_front() {
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  const WallMillis now = scope_.now();
  total_ = next.total;
  PublishAck ack{.position = StreamPosition{memory_.epoch(), next.publication->offset}};
  memory_.append(next.publication, now);
  trim_store(now);
  scope_.emit(std::move(next.publication));
  next.done(std::move(ack));
}

void ChannelLog::fail_all(const Error& error) {
  ++attempt_;
  next_total_ = total_;
  for (Waiting& each : std::exchange(waiting_, {})) each.done(std::unexpected(error));
}

void ChannelLog::append_surely(const PublishRequest& request, PublishDone done) {
  if (!scope_.context.store.outlives_memory()) return append(request, std::move(done));
  auto parcel = std::make_unique<PublishParcel>(request);
  const PublishRequest& whole = parcel->request();
  append(whole,
         [this, parcel = std::move(parcel), done = std::move(done)](PublishResult result) mutable {
           if (result) return done(std::move(result));
           keep_unsaved({std::move(parcel), std::move(done)}, std::move(result.error()));
         });
}

void ChannelLog::keep_unsaved(Unsaved message, Error error) {
  if (unsaved_.size() >= kUnsavedMax) {
    log_error("a message could not be stored and too many wait already: it is lost",
              {{"channel", scope_.name}, {"reason", error.message}});
    error.code = ErrorCode::limit_exceeded;
    error.message += "; too many messages wait for the store already: this one is lost";
    return message.done(std::unexpected(std::move(error)));
  }
  error.message += "; the text is kept and will be stored when the store works again";
  unsaved_.push_back(std::move(message));
  unsaved_.back().done(std::unexpected(std::move(error)));
}

void ChannelLog::retry_unsaved() {
  if (saving_ || unsaved_.empty()) return;
  saving_ = true;
  append(unsaved_.front().parcel->request(), [this](PublishResult result) {
    saving_ = false;
    if (!result) return;
    Unsaved saved = std::move(unsaved_.front());
    unsaved_.pop_front();
    saved.done(std::move(result));
    retry_unsaved();
  });
}

void ChannelLog::remove_all() {
  removed_ = memory_.top().offset;
  floor_ = removed_ + 1;
  memory_.clear();
  if (scope_.context.store.outlives_memory())
    scope_.context.store.trim(scope_.stored, kept(scope_.now()), scope_.now());
}

void ChannelLog::sweep() {
  const WallMillis now = scope_.now();
  memory_.trim(now);
  retry_unsaved();
  if (now >= trim_at_) trim_store(now);
}

KeptRange ChannelLog::kept(WallMillis now) const {
  const NamespaceConfig& options = scope_.options;
  const std::uint64_t next = memory_.next_offset();
  const std::uint64_t first = next > options.history_size ? next - options.history_size : 1;
  return {.first_offset = std::max(first, removed_ + 1),
          .bytes_before = total_ > options.history_bytes ? total_ - options.history_bytes : 0,
          .oldest_ts = now - options.history_ttl.count()};
}

void ChannelLog::trim_store(WallMillis now) {
  if (!scope_.context.store.outlives_memory() || floor_ >= memory_.next_offset()) return;
  const KeptRange range = kept(now);
  if (now < trim_at_ && range.first_offset < floor_ + kTrimSlack) return;
  const std::int64_t age = scope_.options.history_ttl.count();
  trim_at_ = now + std::max<WallMillis>(kTrimMsMin, age / 10);
  floor_ = std::max(floor_, range.first_offset);
  scope_.context.store.trim(scope_.stored, range, now);
}

std::uint64_t ChannelLog::first_stored(WallMillis now) const {
  return std::max(floor_, kept(now).first_offset);
}

bool ChannelLog::only_in_store(std::uint64_t first, WallMillis now) const {
  return scope_.context.store.outlives_memory() && first < memory_.first_offset() &&
         first_stored(now) < memory_.first_offset();
}

void ChannelLog::replay(const std::optional<StreamPosition>& since, std::size_t count,
                        std::move_only_function<void(Replay)> done) {
  const WallMillis now = scope_.now();
  memory_.trim(now);
  if (since) {
    auto missed = memory_.recover(*since, now);
    if (missed) return done({.complete = true, .publications = std::move(*missed)});
    const std::uint64_t first = since->offset + 1;
    const bool in_store = since->epoch == memory_.epoch() && first < memory_.next_offset() &&
                          only_in_store(first, now) && first >= first_stored(now) &&
                          memory_.next_offset() - first <= kReplayMax;
    if (!in_store) return done({});
    return read_older(first, true, 0, kReadTries, std::move(done));
  }
  const std::uint64_t next = memory_.next_offset();
  const std::uint64_t first = next > count ? next - count : 1;
  if (count == 0 || !only_in_store(first, now))
    return done({.publications = memory_.newest(count, now)});
  read_older(std::max(first, first_stored(now)), false, count, kReadTries, std::move(done));
}

void ChannelLog::read_older(std::uint64_t first, bool all, std::size_t count, int tries,
                            std::move_only_function<void(Replay)> done) {
  ++reading_;
  const StoreRead wanted{.first = first,
                         .last = memory_.first_offset() - 1,
                         .limit = kReplayMax,
                         .kept = kept(scope_.now())};
  scope_.context.store.read(scope_.stored, wanted,
                            [this, first, all, count, tries, done = std::move(done)](
                                std::expected<std::vector<PublicationPtr>, Error> older) mutable {
                              --reading_;
                              memory_.trim(scope_.now());
                              if (older) {
                                if (auto replay = join(first, all, std::move(*older)))
                                  return done(std::move(*replay));
                                // Memory was trimmed further meanwhile, so a piece is missing in
                                // between.
                                if (tries > 1)
                                  return read_older(first, all, count, tries - 1, std::move(done));
                              }
                              if (all) return done({});
                              done({.publications = memory_.newest(count, scope_.now())});
                            });
}

std::optional<Replay> ChannelLog::join(std::uint64_t first, bool all,
                                       std::vector<PublicationPtr> older) {
  const bool from_the_first = !older.empty() && older.front()->offset == first;
  if (all && !from_the_first) return Replay{};
  const std::uint64_t last = older.empty() ? first - 1 : older.back()->offset;
  if (!older.empty() && last + 1 < memory_.first_offset()) return std::nullopt;
  const StreamPosition read{memory_.epoch(), older.empty() ? memory_.first_offset() - 1 : last};
  auto rest = memory_.recover(read, scope_.now());
  if (!rest) return std::nullopt;
  older.insert(older.end(), std::make_move_iterator(rest->begin()),
               std::make_move_iterator(rest->end()));
  return Replay{.complete = all, .publications = std::move(older)};
}

void ChannelLog::page(
    const HistoryQuery& query,
    std::move_only_function<void(std::expected<std::vector<PublicationPtr>, Error>)> done) {
  const WallMillis now = scope_.now();
  auto page = memory_.page(query, now);
  if (!page)
    return done(fail(ErrorCode::history_unavailable,
                     "`since` is of another epoch: reload, then read from the start",
                     "/payload/since/epoch"));
  StoreRead wanted{.last = memory_.top().offset,
                   .limit = query.limit,
                   .reverse = query.reverse,
                   .kept = kept(now)};
  bool older = false;
  if (query.reverse) {
    if (query.since)
      wanted.last = std::min(wanted.last, std::max<std::uint64_t>(query.since->offset, 1) - 1);
    older = page->size() < query.limit && only_in_store(1, now) && wanted.last > 0;
  } else {
    wanted.first = query.since ? query.since->offset + 1 : 1;
    older = query.limit > 0 && only_in_store(wanted.first, now);
  }
  if (!older) return done(std::move(*page));
  ++reading_;
  scope_.context.store.read(
      scope_.stored, wanted,
      [this, done = std::move(done)](
          std::expected<std::vector<PublicationPtr>, Error> publications) mutable {
        --reading_;
        done(std::move(publications));
      });
}

}  // namespace tidewire
