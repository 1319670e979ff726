#pragma once

#include <expected>
#include <string_view>
#include <utility>

#include "auth/claims.h"
#include "auth/key_set.h"
#include "base/clock.h"
#include "protocol/error.h"

namespace tidewire {

/// Turns a token into the claims of its holder, or into the reason why not.
///
/// Thread:  immutable once made, so one instance serves every shard; a reload of the keys makes a
///          new one.
/// Errors:  token_expired; token_invalid with a message that says what is wrong and never quotes
///          the token.
/// Cost:    one signature verification per key of the token's algorithm, at most
///          KeySet::kKeysPerAlgorithmMax.
class Authenticator {
 public:
  Authenticator(KeySet keys, ClaimChecks checks)
      : keys_(std::move(keys)), checks_(std::move(checks)) {}

  [[nodiscard]] std::expected<Claims, Error> authenticate(std::string_view token,
                                                          WallMillis now) const;

 private:
  KeySet keys_;
  ClaimChecks checks_;
};

}  // namespace tidewire
