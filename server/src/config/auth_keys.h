#pragma once

#include <string>

#include "config/setting.h"

namespace tidewire {

struct AuthKeyConfig;

/// Reads one table of `auth.keys`, its files included. Returns what is wrong, never quoting key
/// material, else empty. Whether a public key fits its algorithm is auth's to say, when the key set
/// is built.
[[nodiscard]] std::string parse_auth_key(const nlohmann::json& table, const Setting& setting,
                                         AuthKeyConfig& key);

/// The fewest bytes an HMAC secret of the algorithm may have (RFC 7518 section 3.2): the size of
/// its hash; 0 when `alg` is not an HMAC.
[[nodiscard]] std::size_t hmac_bytes_min(std::string_view alg);

/// `needs at least 32 bytes, has 6; make one with: openssl rand -base64 48`
[[nodiscard]] std::string short_secret_fault(std::size_t bytes_min, std::size_t bytes);

}  // namespace tidewire
