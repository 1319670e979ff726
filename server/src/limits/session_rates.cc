#include "limits/session_rates.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace tidewire {
namespace {

struct Gate {
  RateKind kind;
  RateScope scope;
  double cost;
  const RateSpec* spec = nullptr;
  SharedBucket* bucket = nullptr;  // nullptr: no limit
};

/// All or nothing: what was taken before a refusal is given back.
std::optional<RateRefusal> pass(std::span<const Gate> gates, MonoMicros now) {
  for (std::size_t i = 0; i < gates.size(); ++i) {
    if (gates[i].bucket == nullptr) continue;
    const auto wait = gates[i].bucket->take(*gates[i].spec, gates[i].cost, now);
    if (!wait) continue;
    for (const Gate& taken : gates.first(i))
      if (taken.bucket != nullptr) taken.bucket->give_back(*taken.spec, taken.cost);
    return RateRefusal{gates[i].kind, gates[i].scope, *wait};
  }
  return std::nullopt;
}

Gate gate(RateScope scope, const RateSpecs& specs, RateBuckets* buckets, RateKind kind,
          double cost) {
  if (buckets == nullptr || !specs[kind].limits()) return {kind, scope, cost};
  return {kind, scope, cost, &specs[kind], &(*buckets)[kind]};
}

Gate namespace_gate(RateLimiter& limiter, const NamespaceConfig* options, RateKind kind,
                    double cost) {
  RateLimiter::Scope* scope = options == nullptr ? nullptr : limiter.of_namespace(*options);
  if (scope == nullptr) return {kind, RateScope::name_space, cost};
  return gate(RateScope::name_space, scope->specs, &scope->buckets, kind, cost);
}

}  // namespace

Error RateRefusal::error() const {
  const auto text = [](auto label) {
    return std::string(LabelValues<decltype(label)>::text[std::to_underlying(label)]);
  };
  Error error{.code = ErrorCode::rate_limited,
              .message = "too many " + text(kind) + " of this " + text(scope) + ": slow down"};
  constexpr MonoMicros kLongest = 3'600'000'000;
  error.retry_after_ms =
      static_cast<int>(std::max<MonoMicros>(1, (std::min(wait_us, kLongest) + 999) / 1'000));
  return error;
}

SessionRates::SessionRates(RateLimiter& limiter, std::string_view host) : limiter_(limiter) {
  if (auto shared = limiter.of_address(host)) buckets().address = std::move(shared);
}

void SessionRates::bind_user(std::string_view user_id) {
  if (auto shared = limiter_.of_user(user_id)) buckets().user = std::move(shared);
}

SessionRates::Buckets& SessionRates::buckets() {
  if (!buckets_) buckets_ = std::make_unique<Buckets>();
  return *buckets_;
}

std::optional<RateRefusal> SessionRates::take(RateKind kind, double cost, MonoMicros now,
                                              const NamespaceConfig* options) {
  if (limiter_.connection()[kind].limits()) buckets();
  Buckets* held = buckets_.get();
  RateBuckets* own = held == nullptr ? nullptr : &held->own;
  RateBuckets* user = held == nullptr ? nullptr : held->user.get();
  RateBuckets* address = held == nullptr ? nullptr : held->address.get();
  return pass(std::array{gate(RateScope::connection, limiter_.connection(), own, kind, cost),
                         gate(RateScope::user, limiter_.user(), user, kind, cost),
                         gate(RateScope::address, limiter_.address(), address, kind, cost),
                         namespace_gate(limiter_, options, kind, cost)},
              now);
}

std::optional<RateRefusal> SessionRates::take_of_namespace(RateKind kind, double cost,
                                                           MonoMicros now,
                                                           const NamespaceConfig& options) {
  return pass(std::array{namespace_gate(limiter_, &options, kind, cost)}, now);
}

std::optional<RateRefusal> take_for_api(RateLimiter& limiter, std::span<const ApiPublishes> wanted,
                                        MonoMicros now) {
  RateLimiter::Scope& api = limiter.api();
  double all = 0;
  for (const ApiPublishes& each : wanted) all += each.count;
  std::vector<Gate> gates{gate(RateScope::api, api.specs, &api.buckets, RateKind::publishes, all)};
  for (const ApiPublishes& each : wanted) {
    gates.push_back(namespace_gate(limiter, each.options, RateKind::publishes, each.count));
    if (each.bytes > 0)
      gates.push_back(namespace_gate(limiter, each.options, RateKind::bytes, each.bytes));
  }
  return pass(gates, now);
}

}  // namespace tidewire
