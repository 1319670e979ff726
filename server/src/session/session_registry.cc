#include "session/session_registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidewire {

void SessionRegistry::insert(std::string_view session_id, std::string_view user_id,
                             SessionHolder holder) {
  entries_[std::string(session_id)] = {.user_id = std::string(user_id),
                                       .holder = std::move(holder)};
  users_[std::string(user_id)].emplace_back(session_id);
}

void SessionRegistry::erase(Entries::iterator at) {
  if (at->second.parked) (void)unpark(at->second);
  std::ranges::move(at->second.waiters, std::back_inserter(orphans_));
  const auto user = users_.find(at->second.user_id);
  std::erase(user->second, at->first);
  if (user->second.empty()) users_.erase(user);
  entries_.erase(at);
}

ParkedSession SessionRegistry::unpark(Entry& entry) {
  if (entry.parked_at != 0) order_.erase(entry.parked_at);
  entry.parked_at = 0;
  ParkedSession session = std::move(*entry.parked);
  entry.parked.reset();
  return session;
}

void SessionRegistry::begin(std::string_view session_id, std::string_view user_id,
                            SessionHolder holder) {
  const std::scoped_lock lock(mutex_);
  if (const auto old = find(session_id); old != entries_.end()) erase(old);
  insert(session_id, user_id, std::move(holder));
}

SessionRegistry::Claimed SessionRegistry::claim(const SessionClaim& claim, WallMillis now) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(claim.session_id);
  if (found == entries_.end()) {
    const bool look_up = claim.look_up && !ended_.contains(claim.session_id);
    if (!claim.create && !look_up) return {};
    insert(claim.session_id, claim.user_id, claim.holder);
    find(claim.session_id)->second.moving = look_up;
    return {.look_up = look_up};
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
  } else {
    result = {.found = Found::parked, .session = unpark(entry)};
    if (result.session->expires_at <= now) {
      result = {};
      ended_.insert(claim.session_id);
      if (!claim.create) return erase(found), result;
    }
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
  entry.parked_at = ++serial_;
  order_.emplace(entry.parked_at, found->first);
  make_room(std::string(entry.user_id));
  return true;
}

/// Ends what was parked first, of this user and of all, while there are too many.
void SessionRegistry::make_room(const std::string& user_id) {
  std::vector<std::pair<std::uint64_t, std::string>> parked;
  for (const std::string& id : users_.at(user_id))
    if (const auto at = entries_.at(id).parked_at; at != 0) parked.emplace_back(at, id);
  std::ranges::sort(parked);
  const auto end_it = [&](const std::string& id) {
    ended_.insert(id);
    erase(find(id));
  };
  for (std::size_t i = 0; i + limits_.parked_per_user_max < parked.size(); ++i)
    end_it(parked[i].second);
  while (order_.size() > limits_.parked_max) end_it(std::string(order_.begin()->second));
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

std::vector<std::string> SessionRegistry::expire(WallMillis now) {
  const std::scoped_lock lock(mutex_);
  while (!order_.empty()) {
    const auto oldest = find(order_.begin()->second);
    if (oldest->second.parked->expires_at > now) break;
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

SessionRegistry::Reached SessionRegistry::reach(std::string_view session_id,
                                                const DirectEvent& event, bool keep) {
  const std::scoped_lock lock(mutex_);
  const auto found = find(session_id);
  if (found == entries_.end()) return {};
  Entry& entry = found->second;
  if (entry.moving) return {.what = Queued::busy};
  if (entry.holder) return {.what = Queued::held, .holder = *entry.holder};
  if (entry.parked->expires_at <= event.ts) return {};  // the next sweep ends it
  if (!keep) return {.what = Queued::skipped};
  if (entry.parked->cost() + event.cost() > limits_.parked_bytes_max) return {.what = Queued::full};
  auto& events = entry.parked->events;
  if (events.size() >= limits_.events_max) events.erase(events.begin());
  events.push_back(event);
  return {.what = Queued::queued};
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
    if (!entry.holder && entry.parked) {
      summary.channels = entry.parked->channels.size();
      summary.events = entry.parked->events.size();
      summary.expires_at = entry.parked->expires_at;
    }
    list.push_back(std::move(summary));
  }
  return list;
}

std::size_t SessionRegistry::parked_count() const {
  const std::scoped_lock lock(mutex_);
  return order_.size();
}

}  // namespace tidewire
