#include "limits/session_rates.h"

#include <algorithm>
#include <array>
#include <string>

namespace tidewire {
namespace {

struct Gate {
  RateScope scope;
  const RateSpec* spec = nullptr;
  SharedBucket* bucket = nullptr;  // nullptr: no limit
};

/// All or nothing: what was taken before a refusal is given back.
template <std::size_t N>
std::optional<RateRefusal> pass(const std::array<Gate, N>& gates, RateKind kind, double cost,
                                MonoMicros now) {
  for (std::size_t i = 0; i < N; ++i) {
    if (gates[i].bucket == nullptr) continue;
    const auto wait = gates[i].bucket->take(*gates[i].spec, cost, now);
    if (!wait) continue;
    for (std::size_t taken = 0; taken < i; ++taken)
      if (gates[taken].bucket != nullptr) gates[taken].bucket->give_back(*gates[taken].spec, cost);
    return RateRefusal{kind, gates[i].scope, *wait};
  }
  return std::nullopt;
}

Gate gate(RateScope scope, const RateSpecs& specs, RateBuckets* buckets, RateKind kind) {
  if (buckets == nullptr || !specs[kind].limits()) return {.scope = scope};
  return {scope, &specs[kind], &(*buckets)[kind]};
}

Gate namespace_gate(RateLimiter& limiter, const NamespaceConfig* options, RateKind kind) {
  RateLimiter::Scope* scope = options == nullptr ? nullptr : limiter.of_namespace(*options);
  if (scope == nullptr) return {.scope = RateScope::name_space};
  return gate(RateScope::name_space, scope->specs, &scope->buckets, kind);
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

SessionRates::SessionRates(RateLimiter& limiter, std::string_view address)
    : limiter_(limiter),
      connection_(limiter.connection().any() ? std::make_unique<RateBuckets>() : nullptr),
      address_(limiter.of_address(address)) {}

std::optional<RateRefusal> SessionRates::take(RateKind kind, double cost, MonoMicros now,
                                              const NamespaceConfig* options) {
  return pass(
      std::array{gate(RateScope::connection, limiter_.connection(), connection_.get(), kind),
                 gate(RateScope::user, limiter_.user(), user_.get(), kind),
                 gate(RateScope::address, limiter_.address(), address_.get(), kind),
                 namespace_gate(limiter_, options, kind)},
      kind, cost, now);
}

std::optional<RateRefusal> SessionRates::take_of_namespace(RateKind kind, double cost,
                                                           MonoMicros now,
                                                           const NamespaceConfig& options) {
  return pass(std::array{namespace_gate(limiter_, &options, kind)}, kind, cost, now);
}

std::optional<RateRefusal> take_for_api(RateLimiter& limiter, RateKind kind, double cost,
                                        MonoMicros now, const NamespaceConfig* options) {
  RateLimiter::Scope& api = limiter.api();
  return pass(std::array{gate(RateScope::api, api.specs, &api.buckets, kind),
                         namespace_gate(limiter, options, kind)},
              kind, cost, now);
}

}  // namespace tidewire
