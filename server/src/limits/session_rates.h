#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "limits/rate_limiter.h"
#include "protocol/error.h"

namespace tidewire {

/// A refusal: which limit, and when to try again.
struct RateRefusal {
  RateKind kind;
  RateScope scope;
  MonoMicros wait_us = 0;

  [[nodiscard]] Error error() const;
};

/// The buckets that one session takes from: its own, its user's, its address's and those of the
/// namespace that a message is for. The shared ones are looked up once, not per message.
///
/// Owner:  one Session. Thread: its shard's.
class SessionRates {
 public:
  /// `host`: the peer's address, without its port.
  SessionRates(RateLimiter& limiter, std::string_view host);

  /// The session is authenticated: its user counts from now on.
  void bind_user(std::string_view user_id);

  /// Takes `cost` from every bucket of `kind`, or from none. `options`: of the channel's
  /// namespace, where the message has one.
  [[nodiscard]] std::optional<RateRefusal> take(RateKind kind, double cost, MonoMicros now,
                                                const NamespaceConfig* options = nullptr);
  /// Only from the namespace's.
  [[nodiscard]] std::optional<RateRefusal> take_of_namespace(RateKind kind, double cost,
                                                             MonoMicros now,
                                                             const NamespaceConfig& options);

 private:
  /// nullptr: not shared, as that scope has no limits.
  struct Buckets {
    RateBuckets own;
    std::shared_ptr<RateBuckets> user;
    std::shared_ptr<RateBuckets> address;
  };

  Buckets& buckets();

  RateLimiter& limiter_;
  std::unique_ptr<Buckets> buckets_;  // from the first limit on that counts here
};

/// What a request of the server API publishes in the channels of one namespace.
struct ApiPublishes {
  const NamespaceConfig* options = nullptr;
  double count = 0;
  double bytes = 0;  // of their payloads together
};
/// Takes all of it from the buckets of the server API and of each namespace, or nothing. A
/// namespace is named once.
[[nodiscard]] std::optional<RateRefusal> take_for_api(RateLimiter& limiter,
                                                      std::span<const ApiPublishes> wanted,
                                                      MonoMicros now);

}  // namespace tidewire
