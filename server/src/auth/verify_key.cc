#include "auth/verify_key.h"

#include <array>
#include <cstdint>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "auth/key_rules.h"

namespace tidewire {
namespace {

OpensslPtr<EVP_MAC_CTX> keyed_mac(JwsAlgorithm algorithm, std::string_view secret) {
  const OpensslPtr<EVP_MAC> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  OpensslPtr<EVP_MAC_CTX> context(EVP_MAC_CTX_new(mac.get()));
  const std::array<OSSL_PARAM, 2> params{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       const_cast<char*>(digest_name(algorithm)), 0),
      OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_init(context.get(), bytes_of(secret), secret.size(), params.data()) != 1)
    return nullptr;
  return context;
}

/// r||s of fixed width as the DER that OpenSSL verifies; empty when the width is wrong.
std::string der_from_raw(std::string_view raw, std::size_t width) {
  if (raw.size() != 2 * width) return {};
  const int half = static_cast<int>(width);
  const OpensslPtr<ECDSA_SIG> signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(raw), half, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(raw) + width, half, nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  std::string der(2 * width + 16, '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  const int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return {};
  der.resize(static_cast<std::size_t>(size));
  return der;
}

}  // namespace

std::expected<VerifyKey, std::string> VerifyKey::make(JwsAlgorithm algorithm, std::string kid,
                                                      std::string_view material) {
  VerifyKey key(algorithm, std::move(kid));
  if (family_of(algorithm) == JwsFamily::hmac) {
    if (auto fault = secret_fault(algorithm, material); !fault.empty())
      return std::unexpected(std::move(fault));
    key.mac_ = keyed_mac(algorithm, material);
    if (!key.mac_) return std::unexpected("is refused by OpenSSL as an HMAC key");
    return key;
  }
  auto read = read_public_key(algorithm, material);
  if (!read) return std::unexpected(std::move(read.error()));
  key.md_.reset(EVP_MD_CTX_new());
  const bool ready =
      key.md_ && init_signature(key.md_.get(), algorithm, read->get(), SignatureUse::verify);
  ERR_clear_error();
  if (!ready) return std::unexpected("is refused by OpenSSL for this algorithm");
  return key;
}

bool VerifyKey::verify(std::string_view input, std::string_view signature) const {
  if (mac_) return verify_mac(input, signature);
  const bool verified = verify_signature(input, signature);
  // OpenSSL queues errors per thread, and TLS on this thread must not find ours.
  if (!verified) ERR_clear_error();
  return verified;
}

bool VerifyKey::verify_mac(std::string_view input, std::string_view signature) const {
  if (signature.size() != digest_bytes(algorithm_)) return false;
  const OpensslPtr<EVP_MAC_CTX> context(EVP_MAC_CTX_dup(mac_.get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  std::size_t size = 0;
  if (!context || EVP_MAC_update(context.get(), bytes_of(input), input.size()) != 1 ||
      EVP_MAC_final(context.get(), mac.data(), &size, mac.size()) != 1)
    return false;
  return size == signature.size() && CRYPTO_memcmp(mac.data(), signature.data(), size) == 0;
}

bool VerifyKey::verify_signature(std::string_view input, std::string_view signature) const {
  std::string der;
  if (family_of(algorithm_) == JwsFamily::ecdsa) {
    der = der_from_raw(signature, digest_bytes(algorithm_));
    if (der.empty()) return false;
    signature = der;
  }
  const OpensslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return context && EVP_MD_CTX_copy_ex(context.get(), md_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(input),
                          input.size()) == 1;
}

}  // namespace tidewire
