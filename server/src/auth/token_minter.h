#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "auth/algorithm.h"
#include "auth/claims.h"
#include "auth/openssl_ptr.h"

namespace tidewire {

/// The key a minter signs with.
struct SigningKeyConfig {
  std::string alg = "HS256";
  std::string kid;       // put into the header when set
  std::string material;  // the secret for HS*, else the PEM text of a private key
};

/// What a minted token shall say. Times are seconds since 1970, as in the token.
struct TokenSpec {
  std::string user_id;
  std::int64_t expires_at_s = 0;
  std::int64_t issued_at_s = 0;  // left out when 0
  std::string session_id;        // empty strings and lists are left out
  std::string issuer;
  std::string audience;
  std::string info_json;
  std::string meta_json;
  std::vector<ChannelRule> rules;
};

/// Signs tokens: for `gentoken`, `dev` and tests. A production issuer is the application's own.
///
/// Thread: immutable once built, so any.
class TokenMinter {
 public:
  /// The same rules for keys as KeySet::build; the fault never holds any of the key.
  [[nodiscard]] static std::expected<TokenMinter, std::string> build(SigningKeyConfig config);

  /// The fault names the part of `spec` that is not JSON.
  [[nodiscard]] std::expected<std::string, std::string> mint(const TokenSpec& spec) const;
  /// Signs any header and payload text as they are, valid or not.
  [[nodiscard]] std::string sign(std::string_view header_json, std::string_view payload_json) const;

 private:
  TokenMinter() = default;

  JwsAlgorithm algorithm_ = JwsAlgorithm::hs256;
  std::string kid_;
  std::string secret_;        // HS*
  OpensslPtr<EVP_PKEY> key_;  // the others
};

}  // namespace tidewire
