#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "auth/algorithm.h"
#include "auth/openssl_ptr.h"

namespace tidewire {

inline constexpr int kRsaBitsMin = 2048;
inline constexpr int kRsaBitsMax = 8192;  // a larger key would let each token cost milliseconds
inline constexpr std::size_t kSecretBytesMax = 4096;

/// What is wrong with an HMAC secret for `algorithm`, or empty. It must be at least as long as the
/// digest (RFC 7518 section 3.2), and a PEM text is refused: a public key used as a secret is how
/// RSA/HMAC confusion begins.
[[nodiscard]] std::string secret_fault(JwsAlgorithm algorithm, std::string_view secret);

/// Reads the one PEM key of `pem` and checks that it fits `algorithm`: RSA of 2048 to 8192 bits,
/// P-256, P-384 or Ed25519 with a point of full order. The fault is one clause without key bytes.
[[nodiscard]] std::expected<OpensslPtr<EVP_PKEY>, std::string> read_public_key(
    JwsAlgorithm algorithm, std::string_view pem);
[[nodiscard]] std::expected<OpensslPtr<EVP_PKEY>, std::string> read_private_key(
    JwsAlgorithm algorithm, std::string_view pem);

/// Initialises `context` to verify (or to sign) with `key` as RFC 7518 says for `algorithm`.
enum class SignatureUse : std::uint8_t { verify, sign };
[[nodiscard]] bool init_signature(EVP_MD_CTX* context, JwsAlgorithm algorithm, EVP_PKEY* key,
                                  SignatureUse use);

}  // namespace tidewire
