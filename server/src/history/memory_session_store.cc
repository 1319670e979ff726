#include "history/memory_session_store.h"

#include <iterator>

namespace tidewire {

std::optional<Error> MemorySessionStore::keep(SessionRecord&& record) {
  if (record.body.size() > limits_.body_bytes_max)
    return Error{.code = ErrorCode::limit_exceeded,
                 .message = "a session's record is at most " +
                            std::to_string(limits_.body_bytes_max) + " bytes"};
  const std::scoped_lock lock(mutex_);
  const auto known = records_.find(record.id);
  if (known != records_.end()) {
    forget(known);
  } else if (records_.size() >= limits_.records_max) {
    return Error{.code = ErrorCode::limit_exceeded, .message = "too many sessions are kept"};
  }
  by_time_.emplace(record.expires_at, record.id);
  std::string id = record.id;
  records_.emplace(std::move(id), std::move(record));
  return std::nullopt;
}

void MemorySessionStore::forget(std::map<std::string, SessionRecord, std::less<>>::iterator at) {
  by_time_.erase({at->second.expires_at, at->first});
  records_.erase(at);
}

void MemorySessionStore::put(SessionRecord record, Done done) {
  if (auto refused = keep(std::move(record))) return done(std::unexpected(std::move(*refused)));
  done({});
}

void MemorySessionStore::get(std::string id, WallMillis now, Found found) {
  std::optional<SessionRecord> record;
  {
    const std::scoped_lock lock(mutex_);
    const auto known = records_.find(id);
    if (known != records_.end() && known->second.expires_at > now) record = known->second;
  }
  found(std::move(record));
}

void MemorySessionStore::erase(std::string id, Done done) {
  {
    const std::scoped_lock lock(mutex_);
    const auto known = records_.find(id);
    if (known != records_.end()) forget(known);
  }
  done({});
}

void MemorySessionStore::expire(WallMillis now) {
  const std::scoped_lock lock(mutex_);
  while (!by_time_.empty() && by_time_.begin()->first <= now)
    forget(records_.find(by_time_.begin()->second));
}

void MemorySessionStore::reopen(WallMillis connected_until,
                                const std::function<void(const SessionRecord&)>& found) {
  const std::scoped_lock lock(mutex_);
  while (!by_time_.empty() && by_time_.rbegin()->first > connected_until) {
    SessionRecord& record = records_.find(by_time_.rbegin()->second)->second;
    by_time_.erase(std::prev(by_time_.end()));
    record.expires_at = connected_until;
    by_time_.emplace(record.expires_at, record.id);
  }
  for (const auto& [time, id] : by_time_) found(records_.find(id)->second);
}

void MemorySessionStore::copy_of(const MemorySessionStore& other) {
  const std::scoped_lock lock(mutex_, other.mutex_);
  records_ = other.records_;
  by_time_ = other.by_time_;
}

void MemorySessionStore::rewrite(const std::function<void(std::string& body)>& change) {
  const std::scoped_lock lock(mutex_);
  for (auto& [id, record] : records_) change(record.body);
}

std::size_t MemorySessionStore::size() const {
  const std::scoped_lock lock(mutex_);
  return records_.size();
}

}  // namespace tidewire
