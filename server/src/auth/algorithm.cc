#include "auth/algorithm.h"

#include <array>
#include <utility>

namespace tidewire {
namespace {

struct Row {
  std::string_view name;
  JwsFamily family;
  const char* digest;
  std::size_t bytes;
};

constexpr std::array<Row, 12> kRows{{
    {"HS256", JwsFamily::hmac, "SHA256", 32},
    {"HS384", JwsFamily::hmac, "SHA384", 48},
    {"HS512", JwsFamily::hmac, "SHA512", 64},
    {"RS256", JwsFamily::rsa_pkcs1, "SHA256", 32},
    {"RS384", JwsFamily::rsa_pkcs1, "SHA384", 48},
    {"RS512", JwsFamily::rsa_pkcs1, "SHA512", 64},
    {"PS256", JwsFamily::rsa_pss, "SHA256", 32},
    {"PS384", JwsFamily::rsa_pss, "SHA384", 48},
    {"PS512", JwsFamily::rsa_pss, "SHA512", 64},
    {"ES256", JwsFamily::ecdsa, "SHA256", 32},
    {"ES384", JwsFamily::ecdsa, "SHA384", 48},
    {"EdDSA", JwsFamily::ed25519, nullptr, 0},
}};

const Row& row_of(JwsAlgorithm algorithm) { return kRows[std::to_underlying(algorithm)]; }

}  // namespace

std::string_view to_name(JwsAlgorithm algorithm) { return row_of(algorithm).name; }

std::optional<JwsAlgorithm> jws_algorithm_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].name == name) return static_cast<JwsAlgorithm>(i);
  return std::nullopt;
}

JwsFamily family_of(JwsAlgorithm algorithm) { return row_of(algorithm).family; }
const char* digest_name(JwsAlgorithm algorithm) { return row_of(algorithm).digest; }
std::size_t digest_bytes(JwsAlgorithm algorithm) { return row_of(algorithm).bytes; }

}  // namespace tidewire
