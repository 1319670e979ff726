#include "limits/connection_rate.h"

#include <algorithm>

#include "base/ids.h"

namespace tidewire {

std::size_t ConnectionRate::Hash::operator()(const AddressKey& address) const {
  // The finalizer of splitmix64, over bits nobody outside knows the seed of.
  std::uint64_t x = address.bits() ^ seed ^ (address.is_v4() ? 0x9E3779B97F4A7C15U : 0U);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

ConnectionRate::ConnectionRate(const ConnectionRateLimits& limits)
    : limits_{limits.per_s, limits.burst, std::max<std::size_t>(limits.addresses_max, 1)},
      index_(16, Hash{random_u64()}) {}

TokenBucket& ConnectionRate::bucket_of(const AddressKey& address) {
  if (const auto found = index_.find(address); found != index_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->bucket;
  }
  if (recent_.size() == limits_.addresses_max) {
    index_.erase(recent_.back().address);
    recent_.pop_back();
  }
  recent_.push_front({address, TokenBucket(limits_.per_s, limits_.burst)});
  index_.emplace(address, recent_.begin());
  return recent_.front().bucket;
}

bool ConnectionRate::admit(const AddressKey& address, MonoMicros now) {
  const std::lock_guard lock(mutex_);
  return bucket_of(address).take(1, now);
}

int ConnectionRate::retry_after_ms(const AddressKey& address, MonoMicros now) const {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(address);
  return found == index_.end() ? 0 : found->second->bucket.retry_after_ms(1, now);
}

std::size_t ConnectionRate::addresses() const {
  const std::lock_guard lock(mutex_);
  return recent_.size();
}

}  // namespace tidewire
