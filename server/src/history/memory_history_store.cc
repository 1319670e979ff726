#include "history/memory_history_store.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/ids.h"

namespace tidewire {

struct MemoryHistoryStore::Record final : StoredChannel {
  struct Row {
    PublicationPtr publication;
    std::uint64_t total;
  };

  using StoredChannel::StoredChannel;

  [[nodiscard]] std::shared_ptr<Record> copy() const {
    auto made = std::make_shared<Record>(name, epoch);
    made->top = top;
    made->bytes_total = bytes_total;
    made->state_version = state_version;
    made->rows = rows;
    made->keys = keys;
    made->state = state;
    made->cursors = cursors;
    return made;
  }
  [[nodiscard]] std::shared_ptr<Record> anew() const {
    constexpr std::uint64_t kAhead = 1 << 20;  // as SqliteFile
    auto made = std::make_shared<Record>(name, random_id());
    made->state_version = state_version + kAhead;
    made->state = state;
    return made;
  }

  void apply(AppendChange&& change) {
    const Publication& made = *change.publication;
    top = made.offset;
    bytes_total = change.total;
    if (!change.key.empty() && change.key_expires_at > made.ts)
      keys.push_back(
          {made.sender().user_id, std::move(change.key), made.offset, change.key_expires_at});
    rows.push_back({std::move(change.publication), change.total});
  }
  void apply(StateSetChange&& change) {
    state_version = change.value.version;
    state[change.value.key] = std::move(change.value);
  }
  void apply(StateEraseChange&& change) {
    state_version = change.version;
    state.erase(change.key);
  }
  void apply(CursorChange&& change) { cursors[change.cursor.consumer] = std::move(change.cursor); }
  void apply(CursorEraseChange&& change) { cursors.erase(change.consumer); }

  std::uint64_t top = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t state_version = 0;
  std::deque<Row> rows;
  std::deque<StoredKey> keys;
  std::map<std::string, StoredState, std::less<>> state;
  std::map<std::string, StoredCursor, std::less<>> cursors;
};

MemoryHistoryStore::Record& MemoryHistoryStore::record_of(const StoredChannelPtr& channel) {
  return static_cast<Record&>(*channel);
}

std::expected<ChannelLife, Error> MemoryHistoryStore::open(const std::string& channel,
                                                           const OpenLimits& limits) {
  if (!outlives_memory())
    return ChannelLife{.channel = std::make_shared<Record>(channel, random_id())};
  auto& record = records_[channel];
  if (!record) record = std::make_shared<Record>(channel, random_id());
  while (!record->keys.empty() && record->keys.front().expires_at <= limits.now)
    record->keys.pop_front();
  ChannelLife life{
      .channel = record,
      .top = record->top,
      .bytes_total = record->bytes_total,
      .first_offset = record->rows.empty() ? 0 : record->rows.front().publication->offset,
      .state_version = record->state_version};
  std::size_t bytes = 0;
  for (auto row = record->rows.rbegin(); row != record->rows.rend(); ++row) {
    bytes += row->publication->cost();
    if (life.newest.size() >= limits.count_max || bytes > limits.bytes_max) break;
    life.newest.push_back(row->publication);
  }
  std::ranges::reverse(life.newest);
  const std::size_t keys = std::min(record->keys.size(), limits.keys_max);
  life.keys.assign(record->keys.end() - static_cast<std::ptrdiff_t>(keys), record->keys.end());
  for (const auto& [key, value] : record->state)
    if (value.expires_at == 0 || value.expires_at > limits.now) life.state.push_back(value);
  for (const auto& [consumer, cursor] : record->cursors) life.cursors.push_back(cursor);
  return life;
}

std::expected<void, Error> MemoryHistoryStore::write(const StoredChannelPtr& channel,
                                                     StoreChange change, Done done) {
  if (outlives_memory())
    std::visit([&](auto& each) { record_of(channel).apply(std::move(each)); }, change);
  done({});
  return {};
}

void MemoryHistoryStore::read(const StoredChannelPtr& channel, const StoreRead& wanted,
                              ReadDone done) {
  std::vector<PublicationPtr> found;
  const auto take = [&](const Record::Row& row) {
    const Publication& each = *row.publication;
    if (found.size() < wanted.limit && each.offset >= wanted.first && each.offset <= wanted.last &&
        wanted.kept.keeps(each.offset, row.total, each.ts))
      found.push_back(row.publication);
  };
  const auto& rows = record_of(channel).rows;
  if (wanted.reverse) {
    std::for_each(rows.rbegin(), rows.rend(), take);
  } else {
    std::ranges::for_each(rows, take);
  }
  done(std::move(found));
}

void MemoryHistoryStore::trim(const StoredChannelPtr& channel, const KeptRange& kept,
                              WallMillis now) {
  Record& record = record_of(channel);
  while (!record.keys.empty() && record.keys.front().expires_at <= now) record.keys.pop_front();
  auto& rows = record.rows;
  while (!rows.empty() && !kept.keeps(rows.front().publication->offset, rows.front().total,
                                      rows.front().publication->ts))
    rows.pop_front();
}

void MemoryHistoryStore::copy_of(const MemoryHistoryStore& other) {
  records_.clear();
  for (const auto& [name, record] : other.records_) records_.emplace(name, record->copy());
}

void MemoryHistoryStore::begin_anew() {
  for (auto& [name, record] : records_) record = record->anew();
}

}  // namespace tidewire
