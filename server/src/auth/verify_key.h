#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "auth/algorithm.h"
#include "auth/openssl_ptr.h"

namespace tidewire {

/// One key pinned to one algorithm, ready to verify: what OpenSSL would look up by name is looked
/// up once here, and a verification copies the prepared context.
///
/// Thread: immutable once made; verify() may run on any number of threads at once.
class VerifyKey {
 public:
  /// `material` is the secret for HS*, else the PEM text of a public key. The fault is one clause
  /// ("needs at least 32 bytes, has 12") without any byte of the material.
  [[nodiscard]] static std::expected<VerifyKey, std::string> make(JwsAlgorithm algorithm,
                                                                  std::string kid,
                                                                  std::string_view material);

  [[nodiscard]] JwsAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] const std::string& kid() const { return kid_; }

  /// MACs are compared in constant time. ECDSA signatures are r||s of fixed width (RFC 7518
  /// section 3.4), never DER. Ed25519 refuses S >= L (RFC 8032 section 5.1.7).
  [[nodiscard]] bool verify(std::string_view input, std::string_view signature) const;

 private:
  VerifyKey(JwsAlgorithm algorithm, std::string kid)
      : algorithm_(algorithm), kid_(std::move(kid)) {}

  [[nodiscard]] bool verify_mac(std::string_view input, std::string_view signature) const;
  [[nodiscard]] bool verify_signature(std::string_view input, std::string_view signature) const;

  JwsAlgorithm algorithm_;
  std::string kid_;
  OpensslPtr<EVP_MAC_CTX> mac_;  // keyed; set for HS*
  OpensslPtr<EVP_MD_CTX> md_;    // initialised for verification; set for the others
};

}  // namespace tidewire
