#include "history/sqlite_reads.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"

namespace tidewire {
namespace {

constexpr const char* kColumns =
    "SELECT at, total, ts, type, priority, echo, user, connection, client, key, trace, payload_at, "
    "payload_size, json FROM publications WHERE channel = ?1 AND at BETWEEN ?2 AND ?3 ";

constexpr std::int64_t kOffsetMax = INT64_MAX;

PublicationPtr publication(const SqliteStatement& row, const std::string& channel,
                           const std::string& epoch) {
  auto made = std::make_shared<Publication>();
  const std::string_view type = row.text(3);
  made->head = std::make_shared<const PublicationHead>(
      PublicationHead{.channel = channel,
                      .type = std::string(type),
                      .label = type_label(type),
                      .sender = {row.string(6), row.string(7), row.string(8)}});
  made->epoch = epoch;
  made->offset = row.count(0);
  made->ts = row.number(2);
  made->label = made->head->label;
  made->priority = static_cast<Priority>(row.number(4));
  made->echo = row.number(5) != 0;
  made->key = row.text(9);
  made->trace = row.text(10);
  made->payload_at = row.count(11);
  made->payload_size = row.count(12);
  made->frame = ws::SharedFrame::make(ws::Opcode::text, row.text(13));
  return made;
}

}  // namespace

SqliteReads::SqliteReads(const std::string& path, const std::string& vfs)
    : db_(path, vfs),
      find_(db_,
            "SELECT id, epoch, top, total, state_version, due_at FROM channels WHERE name = ?"),
      seed_(db_, kReadSeed),
      first_(db_, "SELECT min(at) FROM publications WHERE channel = ?"),
      up_(db_, std::string(kColumns) + "ORDER BY at"),
      down_(db_, std::string(kColumns) + "ORDER BY at DESC"),
      keys_(db_, "SELECT user, key, at, expires_at FROM keys WHERE channel = ? ORDER BY at DESC"),
      state_(db_,
             "SELECT key, json, version, expires_at, user, connection, client FROM state WHERE "
             "channel = ?"),
      cursors_(db_, "SELECT consumer, at, body FROM cursors WHERE channel = ?") {
  db_.run("PRAGMA query_only = 1");
}

ChannelLife SqliteReads::open(const std::string& name, const OpenLimits& limits) {
  // One transaction, so that all parts are of the same moment.
  db_.run("BEGIN");
  ChannelLife life;
  try {
    if (find_.with(name).step()) {
      auto channel = std::make_shared<SqliteChannel>(name, find_.string(1));
      channel->in_file = {find_.number(0), find_.count(2), find_.count(3), find_.count(4),
                          find_.number(5)};
      channel->next = channel->in_file;
      life.top = channel->in_file.top;
      life.bytes_total = channel->in_file.total;
      life.state_version = channel->in_file.state_version;
      const std::int64_t id = channel->in_file.id;
      life.channel = std::move(channel);
      find_.reset();
      read_newest(id, limits, life);
      read_parts(id, limits, life);
    } else {
      find_.reset();
      seed_.step();
      life.channel = std::make_shared<SqliteChannel>(name, derived_id(seed_.text(0), name));
      seed_.reset();
    }
  } catch (...) {
    for (SqliteStatement* each : {&find_, &seed_, &first_, &down_, &keys_, &state_, &cursors_})
      each->reset();
    if (db_.in_transaction()) db_.run("ROLLBACK");
    throw;
  }
  db_.run("COMMIT");
  return life;
}

void SqliteReads::read_newest(std::int64_t id, const OpenLimits& limits, ChannelLife& life) {
  if (first_.with(id).step()) life.first_offset = first_.count(0);
  first_.reset();
  down_.with(id, std::int64_t{1}, kOffsetMax);
  std::size_t bytes = 0;
  while (life.newest.size() < limits.count_max && down_.step()) {
    PublicationPtr each = publication(down_, life.channel->name, life.channel->epoch);
    bytes += each->cost();
    if (bytes > limits.bytes_max) break;
    life.newest.push_back(std::move(each));
  }
  down_.reset();
  std::ranges::reverse(life.newest);
}

void SqliteReads::read_parts(std::int64_t id, const OpenLimits& limits, ChannelLife& life) {
  keys_.with(id);
  while (life.keys.size() < limits.keys_max && keys_.step() && keys_.number(3) > limits.now)
    life.keys.push_back({keys_.string(0), keys_.string(1), keys_.count(2), keys_.number(3)});
  keys_.reset();
  std::ranges::reverse(life.keys);
  state_.with(id);
  while (state_.step()) {
    const WallMillis expires_at = state_.number(3);
    if (expires_at != 0 && expires_at <= limits.now) continue;
    life.state.push_back({state_.string(0),
                          state_.string(1),
                          state_.count(2),
                          expires_at,
                          {state_.string(4), state_.string(5), state_.string(6)}});
  }
  state_.reset();
  cursors_.with(id);
  while (cursors_.step())
    life.cursors.push_back({cursors_.string(0), cursors_.count(1), cursors_.string(2)});
  cursors_.reset();
}

std::vector<PublicationPtr> SqliteReads::read(const std::string& name, const std::string& epoch,
                                              const StoreRead& wanted) {
  std::vector<PublicationPtr> found;
  if (!find_.with(name).step() || find_.text(1) != epoch) {
    find_.reset();
    return found;
  }
  const std::int64_t id = find_.number(0);
  find_.reset();
  SqliteStatement& rows = wanted.reverse ? down_ : up_;
  const std::uint64_t first = std::max(wanted.first, wanted.kept.first_offset);
  rows.with(id, first, std::min(wanted.last, static_cast<std::uint64_t>(kOffsetMax)));
  while (found.size() < wanted.limit && rows.step())
    if (wanted.kept.keeps(rows.count(0), rows.count(1), rows.number(2)))
      found.push_back(publication(rows, name, epoch));
  rows.reset();
  return found;
}

}  // namespace tidewire
