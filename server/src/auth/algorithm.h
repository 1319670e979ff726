#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidewire {

/// The signature algorithms of RFC 7518 section 3.1 and RFC 8037 that a key may be pinned to.
/// There is no value for "none": a token without a signature cannot even be named.
enum class JwsAlgorithm : std::uint8_t {
  hs256,
  hs384,
  hs512,
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  eddsa
};

enum class JwsFamily : std::uint8_t { hmac, rsa_pkcs1, rsa_pss, ecdsa, ed25519 };

/// The name in a token's header. Names are case-sensitive (RFC 7515 section 4.1.1).
[[nodiscard]] std::string_view to_name(JwsAlgorithm algorithm);
[[nodiscard]] std::optional<JwsAlgorithm> jws_algorithm_from_name(std::string_view name);

[[nodiscard]] JwsFamily family_of(JwsAlgorithm algorithm);
/// OpenSSL's name of the digest; null for EdDSA, which hashes inside.
[[nodiscard]] const char* digest_name(JwsAlgorithm algorithm);
/// Bytes of the digest: 32, 48 or 64; for HMAC also the shortest key allowed.
[[nodiscard]] std::size_t digest_bytes(JwsAlgorithm algorithm);

}  // namespace tidewire
