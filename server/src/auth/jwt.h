#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "auth/algorithm.h"
#include "auth/key_set.h"
#include "protocol/error.h"

namespace tidewire {

/// A compact JWS (RFC 7515 section 7.1) taken apart but not yet trusted. Views into the token.
struct CompactJws {
  JwsAlgorithm algorithm;
  std::string kid;                 // empty when the header has none
  std::string_view signing_input;  // header.payload, as signed
  std::string_view payload;        // still base64url: nothing of it is read before verification
  std::string signature;
};

inline constexpr std::size_t kTokenBytesMax = 8UZ * 1024;
inline constexpr std::size_t kKidBytesMax = 128;

/// 1 to kKidBytesMax of [A-Za-z0-9._-]: nothing that could act as a path, a query or a pattern.
[[nodiscard]] bool is_kid(std::string_view text);

/// Reads the header, strictly: three canonical base64url parts, a JSON object without duplicate
/// names, a known `alg`, and none of the fields that let a token choose its own key or meaning
/// (crit, b64, jwk, jku, x5u, x5c, zip, enc: RFC 8725 section 3). Errors are token_invalid, say
/// what is wrong, and never quote the token.
[[nodiscard]] std::expected<CompactJws, Error> parse_compact_jws(std::string_view token);

/// The payload's bytes, once a key of `keys` has verified the signature over them.
[[nodiscard]] std::expected<std::string, Error> verify_jws(std::string_view token,
                                                           const KeySet& keys);

}  // namespace tidewire
