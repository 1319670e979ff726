#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "config/config.h"
#include "limits/shared_bucket.h"
#include "observability/labels.h"

namespace tidewire {

/// What is limited: the kinds of RateLabel, in its order.
using RateKind = RateLabel;
inline constexpr std::size_t kRateKinds = LabelValues<RateLabel>::text.size();

/// What one scope's buckets grant, by kind.
class RateSpecs {
 public:
  RateSpecs() = default;
  explicit RateSpecs(const RateLimits& limits);

  [[nodiscard]] const RateSpec& operator[](RateKind kind) const {
    return specs_[std::to_underlying(kind)];
  }
  [[nodiscard]] bool any() const { return any_; }

 private:
  std::array<RateSpec, kRateKinds> specs_{};
  bool any_ = false;
};

/// The buckets of one connection, user, address or namespace.
class RateBuckets {
 public:
  [[nodiscard]] SharedBucket& operator[](RateKind kind) {
    return buckets_[std::to_underlying(kind)];
  }

 private:
  std::array<SharedBucket, kRateKinds> buckets_;
};

/// The buckets of every user, or of every address.
///
/// Thread: any. The mutex is taken once a session, never per message.
/// Limit:  entries_max; the one asked for longest ago is forgotten. Whoever holds its buckets goes
///         on with them; the next to ask gets full ones. Nobody is ever refused for it.
class RateTable {
 public:
  explicit RateTable(std::size_t entries_max) : entries_max_(entries_max) {}

  [[nodiscard]] std::shared_ptr<RateBuckets> of(std::string_view name);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<RateBuckets> buckets;
  };

  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::list<Entry> recent_;  // asked for last comes first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
};

/// How much users, addresses and namespaces may send, over all shards (docs/mechanisms/limits.md).
///
/// Owner:  the server; one instance, immutable but for the buckets.
/// Thread: any.
class RateLimiter {
 public:
  explicit RateLimiter(const Config& config);
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  struct Scope {
    RateSpecs specs;
    RateBuckets buckets;
  };

  [[nodiscard]] const RateSpecs& connection() const { return connection_; }
  [[nodiscard]] const RateSpecs& user() const { return user_; }
  [[nodiscard]] const RateSpecs& address() const { return address_; }
  /// nullptr: that scope has no limits.
  [[nodiscard]] std::shared_ptr<RateBuckets> of_user(std::string_view user_id);
  /// `host` is an address without a port; IPv6 counts by /64.
  [[nodiscard]] std::shared_ptr<RateBuckets> of_address(std::string_view host);
  [[nodiscard]] Scope* of_namespace(const NamespaceConfig& options);
  [[nodiscard]] Scope& api() { return api_; }

 private:
  RateSpecs connection_;
  RateSpecs user_;
  RateSpecs address_;
  Scope api_;
  RateTable users_;
  RateTable addresses_;
  std::unordered_map<const NamespaceConfig*, std::unique_ptr<Scope>> namespaces_;
};

}  // namespace tidewire
