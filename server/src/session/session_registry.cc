#include "session/session_registry.h"

#include <algorithm>
#include <utility>

namespace tidewire {

SessionRegistry::Known* SessionRegistry::find(std::string_view session_id) {
  const auto found = entries_.find(std::string(session_id));
  return found == entries_.end() ? nullptr : &*found;
}

SessionRegistry::Known& SessionRegistry::insert(std::string_view session_id,
                                                std::string_view user_id) {
  auto& user = *users_.try_emplace(std::string(user_id)).first;
  Known& known = *entries_.try_emplace(std::string(session_id), &user).first;
  known.second.older = std::exchange(user.second, &known);
  known.second.link = &user.second;
  if (Known* older = known.second.older) older->second.link = &known.second.older;
  return known;
}

void SessionRegistry::erase(Known& known) {
  Entry& entry = known.second;
  (void)unpark(entry);
  *entry.link = entry.older;
  if (entry.older != nullptr) entry.older->second.link = entry.link;
  if (entry.user->second == nullptr) users_.erase(users_.find(entry.user->first));
  entries_.erase(entries_.find(known.first));
}

void SessionRegistry::forget(Known& known) {
  ended_.insert(known.first);
  erase(known);
}

void SessionRegistry::put_in_order(Known& known) {
  known.second.place = ++serial_;
  order_.emplace(serial_, &known);
}

std::optional<ParkedSession> SessionRegistry::unpark(Entry& entry) {
  order_.erase(std::exchange(entry.place, 0));
  if (std::exchange(entry.stored_until, 0) != 0) --stored_;
  const auto parked = std::exchange(entry.parked, nullptr);
  return parked ? std::optional(std::move(*parked)) : std::nullopt;
}

void SessionRegistry::restore(const SessionRecord& record) {
  const std::scoped_lock lock(mutex_);
  Known& known = insert(record.id, record.user_id);
  known.second.stored_until = record.expires_at;
  known.second.stored = true;
  put_in_order(known);
  restored_ = serial_;
  ++stored_;
}

void SessionRegistry::begin(std::string_view session_id, std::string_view user_id,
                            SessionHolder holder) {
  const std::scoped_lock lock(mutex_);
  if (Known* old = find(session_id)) erase(*old);
  insert(session_id, user_id).second.holder = std::move(holder);
}

SessionRegistry::Claimed SessionRegistry::claim(const SessionClaim& claim, WallMillis now) {
  const std::scoped_lock lock(mutex_);
  Known* found = find(claim.session_id);
  if (found == nullptr) {
    if (claim.create) insert(claim.session_id, claim.user_id).second.holder = claim.holder;
    return {};
  }
  Entry& entry = found->second;
  if (entry.moving) return {.found = Found::busy};
  if (entry.user->first != claim.user_id) return {.found = Found::other_user};
  const bool newer = entry.holder && entry.holder->since > claim.holder.since;
  if (newer && !claim.in_place) return {.found = Found::newer};
  Claimed result;
  if (entry.holder) {
    result = {.found = Found::held, .previous = std::move(*entry.holder)};
    entry.moving = true;
  } else if (ends_at(entry) <= now) {
    if (!claim.create) return forget(*found), result;
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
  if (Known* found = find(session_id)) found->second.moving = false;
  auto waiting = waiters_.extract(std::string(session_id));
  return waiting ? std::move(waiting.mapped()) : std::vector<Waiter>{};
}

bool SessionRegistry::wait(std::string_view session_id, Waiter& waiter) {
  const std::scoped_lock lock(mutex_);
  const Known* found = find(session_id);
  if (found == nullptr || !found->second.moving) return false;
  waiters_[found->first].push_back(std::move(waiter));
  return true;
}

bool SessionRegistry::note_stored(std::string_view session_id, std::string_view connection_id) {
  const std::scoped_lock lock(mutex_);
  Known* found = find(session_id);
  if (found == nullptr || found->second.moving) return false;
  const auto& holder = found->second.holder;
  if (!holder || holder->connection_id != connection_id) return false;
  return found->second.stored = true;
}

bool SessionRegistry::park(ParkedSession session, std::string_view connection_id, WallMillis now) {
  const std::scoped_lock lock(mutex_);
  Known* found = find(session.id);
  if (found == nullptr) return false;
  Entry& entry = found->second;
  const bool holds = entry.holder && entry.holder->connection_id == connection_id;
  if (!holds && !entry.moving) return false;
  if (session.cost() > limits_.parked_bytes_max) {
    if (holds) forget(*found);
    return false;
  }
  session.expires_at = now + limits_.ttl_ms;
  entry.parked = std::make_unique<ParkedSession>(std::move(session));
  if (!holds) return true;  // the claim will take it
  entry.holder.reset();
  entry.moving = false;
  entry.stored = true;
  put_in_order(*found);
  make_room(entry.user->second);
  return true;
}

/// Ends what was parked first, of this user and of all, while there are too many.
void SessionRegistry::make_room(Known* newest) {
  std::vector<std::pair<std::uint64_t, Known*>> parked;
  for (Known* each = newest; each != nullptr; each = each->second.older)
    if (each->second.place > restored_) parked.emplace_back(each->second.place, each);
  std::ranges::sort(parked);
  for (std::size_t i = 0; i + limits_.parked_per_user_max < parked.size(); ++i)
    forget(*parked[i].second);
  while (order_.size() - stored_ > limits_.parked_max)
    forget(*order_.upper_bound(restored_)->second);
}

std::optional<ParkedSession> SessionRegistry::take(std::string_view session_id) {
  const std::scoped_lock lock(mutex_);
  Known* found = find(session_id);
  if (found == nullptr || !found->second.parked) return std::nullopt;
  return unpark(found->second);
}

bool SessionRegistry::end(std::string_view session_id, std::string_view connection_id) {
  const std::scoped_lock lock(mutex_);
  Known* found = find(session_id);
  if (found == nullptr) return false;
  const auto& holder = found->second.holder;
  if (!holder || holder->connection_id != connection_id) return false;
  const bool stored = found->second.stored;
  erase(*found);
  return stored;
}

std::size_t SessionRegistry::expire_stored(WallMillis now) {
  const std::scoped_lock lock(mutex_);
  const std::size_t before = stored_;
  while (stored_ > 0) {
    Known& oldest = *order_.begin()->second;
    if (ends_at(oldest.second) > now || oldest.second.moving) break;
    erase(oldest);
  }
  return before - stored_;
}

std::vector<std::string> SessionRegistry::expire(WallMillis now) {
  const std::scoped_lock lock(mutex_);
  for (auto next = order_.upper_bound(restored_); next != order_.end();
       next = order_.upper_bound(restored_)) {
    if (ends_at(next->second->second) > now) break;
    forget(*next->second);
  }
  // One that has begun again under its name is none of them.
  std::erase_if(ended_, [this](const std::string& id) { return entries_.contains(id); });
  const auto ended = std::exchange(ended_, {});
  return {ended.begin(), ended.end()};
}

void SessionRegistry::mark_ended(std::string_view session_id) {
  const std::scoped_lock lock(mutex_);
  if (ended_.size() < limits_.parked_max && find(session_id) == nullptr) ended_.emplace(session_id);
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
  Known* found = find(session_id);
  if (found == nullptr) return {};
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
  std::vector<std::string> ids;
  const auto user = users_.find(std::string(user_id));
  if (user == users_.end()) return ids;
  for (const Known* each = user->second; each != nullptr; each = each->second.older)
    ids.push_back(each->first);
  return ids;
}

std::optional<ParkedSession> SessionRegistry::parked(std::string_view session_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(std::string(session_id));
  if (found == entries_.end() || !found->second.parked) return std::nullopt;
  return *found->second.parked;
}

std::vector<SessionSummary> SessionRegistry::list(std::string_view user_id,
                                                  std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  std::vector<SessionSummary> list;
  for (const auto& [id, entry] : entries_) {
    if (list.size() >= limit) break;
    const std::string& user = entry.user->first;
    if (!user_id.empty() && user != user_id) continue;
    SessionSummary summary{.session_id = id, .user_id = user, .holder = entry.holder};
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
