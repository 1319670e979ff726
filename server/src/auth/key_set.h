#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/verify_key.h"

namespace tidewire {

/// One verification key as an operator writes it. Exactly one of the four sources is set:
/// `secret` or `secret_file` for HS*, `pem` or `pem_file` (a public key) for everything else.
struct KeyConfig {
  std::string alg;          // pinned: a token with any other alg never meets this key
  std::string kid;          // optional; a key without one serves tokens with any kid or none
  std::string secret;       // the bytes of the HMAC key
  std::string pem;          // "-----BEGIN PUBLIC KEY-----" ...
  std::string secret_file;  // one trailing line break is not part of the key
  std::string pem_file;
};

/// The keys tokens are verified with. Several keys make rotation possible: add the new key, move
/// the issuer over, remove the old one.
///
/// Thread: immutable once built, so any.
/// Limits: kKeysMax keys, kKeysPerAlgorithmMax of one algorithm, which bounds the work one token
///         can cause.
class KeySet {
 public:
  static constexpr std::size_t kKeysMax = 64;
  static constexpr std::size_t kKeysPerAlgorithmMax = 8;

  /// Fails with one sentence that names the key (by position and kid) and its fault, never its
  /// bytes: too short a secret (32, 48, 64 bytes for HS256, 384, 512), RSA below 2048 bits, a key
  /// that does not fit its alg, two keys with one (kid, alg), an unreadable file.
  [[nodiscard]] static std::expected<KeySet, std::string> build(std::span<const KeyConfig> configs);

  /// True when a key pinned to `algorithm`, and with this kid if both have one, made `signature`
  /// over `input`.
  [[nodiscard]] bool verify(JwsAlgorithm algorithm, std::string_view kid, std::string_view input,
                            std::string_view signature) const;
  /// True when verify() would have a key to try.
  [[nodiscard]] bool has_key(JwsAlgorithm algorithm, std::string_view kid) const;
  [[nodiscard]] bool empty() const { return keys_.empty(); }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  std::vector<VerifyKey> keys_;
};

}  // namespace tidewire
