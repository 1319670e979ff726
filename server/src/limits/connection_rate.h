#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "limits/address_key.h"
#include "limits/token_bucket.h"

namespace tidewire {

struct ConnectionRateLimits {
  double per_s = 20;                   // connects of one address a second, on average
  double burst = 100;                  // and at once: a page reload, an office behind one NAT
  std::size_t addresses_max = 65'536;  // remembered; past it the longest silent one is forgotten
};

/// How often one address may connect.
///
/// Owner:  the server; one instance for all shards.
/// Thread: any. A mutex is enough here: it is taken once per accepted socket, not per message.
/// Limit:  addresses_max entries of about 100 bytes; the least recently seen is evicted, which
///         gives that address a fresh burst and never denies anyone.
class ConnectionRate {
 public:
  explicit ConnectionRate(const ConnectionRateLimits& limits);

  /// True when this connect is within the rate; it is counted. `now` must come from one clock.
  [[nodiscard]] bool admit(const AddressKey& address, MonoMicros now);
  /// When the address may try again.
  [[nodiscard]] int retry_after_ms(const AddressKey& address, MonoMicros now) const;
  [[nodiscard]] std::size_t addresses() const;

 private:
  struct Entry {
    AddressKey address;
    TokenBucket bucket;
  };
  /// Seeded, so that nobody can choose addresses that collide.
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const AddressKey& address) const;
  };

  TokenBucket& bucket_of(const AddressKey& address);

  const ConnectionRateLimits limits_;
  mutable std::mutex mutex_;
  std::list<Entry> recent_;  // most recently seen first
  std::unordered_map<AddressKey, std::list<Entry>::iterator, Hash> index_;
};

}  // namespace tidewire
