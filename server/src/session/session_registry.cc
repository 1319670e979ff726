#include "session/session_registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidewire {

SessionRegistry::Entry& SessionRegistry::insert(std::string_view session_id,
                                                std::string_view user_id) {
  users_[std::string(user_id)].emplace_back(session_id);
  return entries_[std::string(session_id)] = {.user_id = std::string(user_id)};
}

void SessionRegistry::erase(Entries::iterator at) {
  (void)unpark(at->second);
  std::ranges::move(at->second.waiters, std::back_inserter(orphans_));
  const auto user = users_.find(at->second.user_id);
  std::erase(user->second, at->first);
  if (user->second.empty()) users_.erase(user);
  entries_.erase(at);
}

void SessionRegistry::put_in_order(Entries::iterator at) {
  at->second.place = ++serial_;
  order_.emplace(serial_, at->first);
}

std::optional<ParkedSession> SessionRegistry::unpark(Entry& entry) {
  order_.erase(std::exchange(entry.place, 0));
  if (std::exchange(entry.stored_until, 0) != 0) --stored_;
  return std::exchange(entry.parked, std::nullopt);
}

void SessionRegistry::restore(const SessionRecord& record) {
  const std::scoped_lock lock(mutex_);
  Entry& entry = insert(record.id, record.user_id);
  entry.stored_until = record.expires_at;
  entry.stored = true;
  put_in_order(find(record.id));
  restored_ = serial_;
  ++stored_;
}

void SessionRegistry::begin(std::string_view session_id, std::string_view user_id,
                            SessionHolder holder) {
  const std::scoped_lock lock(mutex_);
  if (const auto old = find(session_id); old != entries_.end()) erase(old);
  insert(session_id, user_id).holder = std::move(holder);
}

SessionRegistry::Claimed SessionRegistry::claim(const SessionClaim& claim, WallMillis now) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(claim.session_id);
  if (found == entries_.end()) {
    if (claim.create) insert(claim.session_id, claim.user_id).holder = claim.holder;
    return {};
  }
  Entry& entry = found->second;
  if (entry.moving) return {.found = Found::busy};
  if (entry.user_id != claim.user_id) return {.found = Found::other_user};
  const bool newer = entry.holder && entry.holder->since > claim.holder.since;
  if (newer && !claim.in_place) return {.found = Found::newer};
  Claimed result;
  if (entry.holder) {
    result = {.found = Found::held, .previous = std::move(*entry.holder)};
    entry.moving = true;
  } else if (ends_at(entry) <= now) {
    ended_.insert(claim.session_id);
    if (!claim.create) return erase(found), result;
    (void)unpark(entry);
  } else {
    entry.moving = !entry.parked;
    result = {.found = entry.parked ? Found::parked : Found::stored, .session = unpark(entry)};
  }
  entry.holder = claim.holder;
  return result;
}

std::vector<SessionRegistry::Waiter> SessionRegistry::settle(std::string_view session_id) {
  const std::scoped_lock lock(mutex_);
  std::vector<Waiter> waiters = std::exchange(orphans_, {});
  const auto found = find(session_id);
  if (found == entries_.end()) return waiters;
  found->second.moving = false;
  std::ranges::move(std::exchange(found->second.waiters, {}), std::back_inserter(waiters));
  return waiters;
}

bool SessionRegistry::wait(std::string_view session_id, Waiter& waiter) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(session_id);
  if (found == entries_.end() || !found->second.moving) return false;
  found->second.waiters.push_back(std::move(waiter));
  return true;
}

bool SessionRegistry::note_stored(std::string_view session_id, std::string_view connection_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(session_id);
  if (found == entries_.end() || found->second.moving) return false;
  const auto& holder = found->second.holder;
  if (!holder || holder->connection_id != connection_id) return false;
  return found->second.stored = true;
}

bool SessionRegistry::park(ParkedSession session, std::string_view connection_id, WallMillis now) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(session.id);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  const bool holds = entry.holder && entry.holder->connection_id == connection_id;
  if (!holds && !entry.moving) return false;
  if (session.cost() > limits_.parked_bytes_max) {
    if (holds) {
      ended_.insert(found->first);
      erase(found);
    }
    return false;
  }
  session.expires_at = now + limits_.ttl_ms;
  entry.parked = std::move(session);
  if (!holds) return true;  // the claim will take it
  entry.holder.reset();
  entry.moving = false;
  entry.stored = true;
  put_in_order(found);
  make_room(std::string(entry.user_id));
  return true;
}

/// Ends what was parked first, of this user and of all, while there are too many.
void SessionRegistry::make_room(const std::string& user_id) {
  std::vector<std::pair<std::uint64_t, std::string>> parked;
  for (const std::string& id : users_.at(user_id))
    if (const auto place = entries_.at(id).place; place > restored_) parked.emplace_back(place, id);
  std::ranges::sort(parked);
  const auto end_it = [&](const std::string& id) {
    ended_.insert(id);
    erase(find(id));
  };
  for (std::size_t i = 0; i + limits_.parked_per_user_max < parked.size(); ++i)
    end_it(parked[i].second);
  while (order_.size() - stored_ > limits_.parked_max)
    end_it(std::string(order_.upper_bound(restored_)->second));
}

std::optional<ParkedSession> SessionRegistry::take(std::string_view session_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(session_id);
  if (found == entries_.end() || !found->second.parked) return std::nullopt;
  return unpark(found->second);
}

bool SessionRegistry::end(std::string_view session_id, std::string_view connection_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(session_id);
  if (found == entries_.end()) return false;
  const auto& holder = found->second.holder;
  if (!holder || holder->connection_id != connection_id) return false;
  const bool stored = found->second.stored;
  erase(found);
  return stored;
}

std::size_t SessionRegistry::expire_stored(WallMillis now) {
  const std::scoped_lock lock(mutex_);
  const std::size_t before = stored_;
  while (stored_ > 0) {
    const auto oldest = find(order_.begin()->second);
    if (ends_at(oldest->second) > now || oldest->second.moving) break;
    erase(oldest);
  }
  return before - stored_;
}

std::vector<std::string> SessionRegistry::expire(WallMillis now) {
  const std::scoped_lock lock(mutex_);
  for (auto next = order_.upper_bound(restored_); next != order_.end();
       next = order_.upper_bound(restored_)) {
    const auto oldest = find(next->second);
    if (ends_at(oldest->second) > now) break;
    ended_.insert(oldest->first);
    erase(oldest);
  }
  // One that has begun again under its name is none of them.
  std::erase_if(ended_, [this](const std::string& id) { return entries_.contains(id); });
  const auto ended = std::exchange(ended_, {});
  return {ended.begin(), ended.end()};
}

void SessionRegistry::mark_ended(std::string_view session_id) {
  const std::scoped_lock lock(mutex_);
  if (ended_.size() < limits_.parked_max && find(session_id) == entries_.end())
    ended_.emplace(session_id);
}

bool SessionRegistry::add(const DirectEvent& event, ParkedSession& session) const {
  if (session.cost() + event.cost() > limits_.parked_bytes_max) return false;
  auto& events = session.events;
  if (events.size() >= limits_.events_max) events.erase(events.begin());
  events.push_back(event);
  return true;
}

SessionRegistry::Reached SessionRegistry::reach(std::string_view session_id,
                                                const DirectEvent& event, bool keep) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(session_id);
  if (found == entries_.end()) return {};
  Entry& entry = found->second;
  if (entry.moving) return {.what = Queued::busy};
  if (entry.holder) return {.what = Queued::held, .holder = *entry.holder};
  if (ends_at(entry) <= event.ts) return {};  // the next sweep ends it
  if (!keep) return {.what = Queued::skipped};
  entry.moving = !entry.parked;
  if (entry.moving) return {.what = Queued::stored};
  return {.what = add(event, *entry.parked) ? Queued::queued : Queued::full};
}

std::vector<std::string> SessionRegistry::of_user(std::string_view user_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = users_.find(std::string(user_id));
  return found == users_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<ParkedSession> SessionRegistry::parked(std::string_view session_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(std::string(session_id));
  return found == entries_.end() ? std::nullopt : found->second.parked;
}

std::vector<SessionSummary> SessionRegistry::list(std::string_view user_id,
                                                  std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  std::vector<SessionSummary> list;
  for (const auto& [id, entry] : entries_) {
    if (list.size() >= limit) break;
    if (!user_id.empty() && entry.user_id != user_id) continue;
    SessionSummary summary{.session_id = id, .user_id = entry.user_id, .holder = entry.holder};
    if (!entry.holder) summary.expires_at = ends_at(entry);
    if (!entry.holder && entry.parked) {
      summary.channels = entry.parked->channels.size();
      summary.events = entry.parked->events.size();
    }
    list.push_back(std::move(summary));
  }
  return list;
}

std::size_t SessionRegistry::parked_count() const {
  const std::scoped_lock lock(mutex_);
  return order_.size() - stored_;
}

}  // namespace tidewire
