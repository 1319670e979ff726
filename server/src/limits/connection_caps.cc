#include "limits/connection_caps.h"

#include <utility>

namespace tidewire {

ConnectionLease::ConnectionLease(ConnectionLease&& other) noexcept
    : caps_(std::exchange(other.caps_, nullptr)), user_id_(std::move(other.user_id_)) {
  other.user_id_.clear();
}

ConnectionLease& ConnectionLease::operator=(ConnectionLease&& other) noexcept {
  if (this == &other) return *this;
  release();
  caps_ = std::exchange(other.caps_, nullptr);
  user_id_ = std::exchange(other.user_id_, {});
  return *this;
}

bool ConnectionLease::bind_user(std::string_view user_id) {
  if (caps_ == nullptr) return false;
  if (user_id == user_id_) return true;
  if (!caps_->add_user(user_id)) return false;
  if (!user_id_.empty()) caps_->remove_user(user_id_);
  user_id_ = user_id;
  return true;
}

void ConnectionLease::release() {
  ConnectionCaps* caps = std::exchange(caps_, nullptr);
  if (caps == nullptr) return;
  if (!user_id_.empty()) caps->remove_user(user_id_);
  user_id_.clear();
  caps->total_.fetch_sub(1, std::memory_order_relaxed);
}

std::optional<ConnectionLease> ConnectionCaps::acquire() {
  std::uint32_t total = total_.load(std::memory_order_relaxed);
  do {
    if (total >= limits_.total) return std::nullopt;
  } while (!total_.compare_exchange_weak(total, total + 1, std::memory_order_relaxed));
  return ConnectionLease(*this);
}

bool ConnectionCaps::add_user(std::string_view user_id) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(user_id);
  if (found == users_.end()) {
    if (limits_.per_user == 0) return false;
    users_.emplace(user_id, 1);
    return true;
  }
  if (found->second >= limits_.per_user) return false;
  ++found->second;
  return true;
}

void ConnectionCaps::remove_user(std::string_view user_id) {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(user_id);
  if (found != users_.end() && --found->second == 0) users_.erase(found);
}

std::uint32_t ConnectionCaps::of_user(std::string_view user_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(user_id);
  return found == users_.end() ? 0 : found->second;
}

std::size_t ConnectionCaps::users() const {
  const std::lock_guard lock(mutex_);
  return users_.size();
}

}  // namespace tidewire
