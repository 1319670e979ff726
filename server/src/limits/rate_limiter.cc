#include "limits/rate_limiter.h"

#include <algorithm>

#include "limits/address_key.h"

namespace tidewire {
RateSpecs::RateSpecs(const RateLimits& limits) {
  const auto set = [this](RateKind kind, const RateLimit& limit) {
    specs_[std::to_underlying(kind)] = RateSpec::of(limit.per_second, limit.burst);
    any_ = any_ || limit.per_second > 0;
  };
  set(RateKind::connects, limits.connects);
  set(RateKind::messages, limits.messages);
  set(RateKind::bytes, limits.bytes);
  set(RateKind::subscribes, limits.subscribes);
  set(RateKind::publishes, limits.publishes);
  set(RateKind::rpcs, limits.rpcs);
  set(RateKind::presence_updates, limits.presence_updates);
}

std::shared_ptr<RateBuckets> RateTable::of(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto known = index_.find(name); known != index_.end()) {
    recent_.splice(recent_.begin(), recent_, known->second);
    return known->second->buckets;
  }
  if (recent_.size() >= entries_max_) {
    index_.erase(recent_.back().name);
    recent_.pop_back();
  }
  recent_.push_front({std::string(name), std::make_shared<RateBuckets>()});
  index_.emplace(recent_.front().name, recent_.begin());
  return recent_.front().buckets;
}

std::size_t RateTable::size() const {
  const std::lock_guard lock(mutex_);
  return recent_.size();
}

RateLimiter::RateLimiter(const Config& config)
    : connection_(config.limits.connection),
      user_(config.limits.user),
      address_(config.limits.address),
      users_(std::max<std::size_t>(config.limits.rate_entries, 1)),
      addresses_(std::max<std::size_t>(config.limits.rate_entries, 1)) {
  api_.specs = RateSpecs(config.limits.api);
  for (const auto& [name, options] : config.namespaces) {
    const RateSpecs specs(options.rates);
    if (!specs.any()) continue;
    const auto& scope = namespaces_.emplace(&options, std::make_unique<Scope>()).first->second;
    scope->specs = specs;
  }
}

std::shared_ptr<RateBuckets> RateLimiter::of_user(std::string_view user_id) {
  return user_.any() ? users_.of(user_id) : nullptr;
}

std::shared_ptr<RateBuckets> RateLimiter::of_address(std::string_view host) {
  if (!address_.any()) return nullptr;
  const auto key = AddressKey::parse(host);
  if (!key) return addresses_.of(host);
  return addresses_.of((key->is_v4() ? "4:" : "6:") + std::to_string(key->bits()));
}

RateLimiter::Scope* RateLimiter::of_namespace(const NamespaceConfig& options) {
  if (namespaces_.empty()) return nullptr;
  const auto found = namespaces_.find(&options);
  return found == namespaces_.end() ? nullptr : found->second.get();
}

}  // namespace tidewire
