#include "auth/key_rules.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace tidewire {
namespace {

using Fault = std::string;
using Point = std::array<unsigned char, 32>;

/// The y coordinates, sign bit cleared, of Ed25519's points of order 1, 2, 4 and 8, with their
/// non-canonical spellings. With such a key one signature fits many messages.
constexpr std::array<Point, 7> kSmallOrder{{
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

constexpr std::string_view kPemBegin = "-----BEGIN ";

/// An encrypted key must be an error, not a question on the server's terminal.
int no_password(char*, int, int, void*) { return -1; }

Fault rsa_fault(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return "needs an RSA key";
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kRsaBitsMin)
    return "needs an RSA key of at least 2048 bits, has " + std::to_string(bits);
  if (bits > kRsaBitsMax)
    return "needs an RSA key of at most 8192 bits, has " + std::to_string(bits);
  return {};
}

Fault ec_fault(EVP_PKEY* key, std::string_view curve, const char* wanted) {
  Fault fault = std::string("needs an EC key on curve ") + wanted;
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return fault;
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(),
                                     &size) != 1)
    return fault;
  return std::string_view(name.data(), size) == curve ? Fault{} : fault;
}

Fault ed25519_fault(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) return "needs an Ed25519 key";
  Point point{};
  std::size_t size = point.size();
  if (EVP_PKEY_get_raw_public_key(key, point.data(), &size) != 1 || size != point.size())
    return "holds an unreadable Ed25519 key";
  point.back() &= 0x7f;
  if (std::ranges::find(kSmallOrder, point) != kSmallOrder.end())
    return "holds an Ed25519 key of small order";
  return {};
}

Fault key_fault(JwsAlgorithm algorithm, EVP_PKEY* key) {
  switch (family_of(algorithm)) {
    case JwsFamily::hmac:
      return "takes a secret, not a PEM key";
    case JwsFamily::rsa_pkcs1:
    case JwsFamily::rsa_pss:
      return rsa_fault(key);
    case JwsFamily::ecdsa:
      return algorithm == JwsAlgorithm::es256 ? ec_fault(key, "prime256v1", "P-256")
                                              : ec_fault(key, "secp384r1", "P-384");
    case JwsFamily::ed25519:
      return ed25519_fault(key);
  }
  return "has an unknown algorithm";
}

/// RSA moduli with small factors, even exponents, points off the curve.
bool is_sound(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) return true;
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), &EVP_PKEY_CTX_free);
  return context && EVP_PKEY_public_check(context.get()) == 1;
}

std::size_t pem_blocks(std::string_view pem) {
  std::size_t count = 0;
  for (auto at = pem.find(kPemBegin); at != pem.npos; at = pem.find(kPemBegin, at + 1)) ++count;
  return count;
}

using PemReader = EVP_PKEY* (*)(BIO*, EVP_PKEY**, pem_password_cb*, void*);

std::expected<OpensslPtr<EVP_PKEY>, Fault> read_key(JwsAlgorithm algorithm, std::string_view pem,
                                                    PemReader reader, const char* wanted) {
  if (pem_blocks(pem) > 1) return std::unexpected("holds more than one PEM block");
  const OpensslPtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  OpensslPtr<EVP_PKEY> key(bio ? reader(bio.get(), nullptr, &no_password, nullptr) : nullptr);
  ERR_clear_error();
  if (!key) return std::unexpected(std::string("is not ") + wanted + " in PEM form");
  if (Fault fault = key_fault(algorithm, key.get()); !fault.empty())
    return std::unexpected(std::move(fault));
  const bool sound = is_sound(key.get());
  ERR_clear_error();
  if (!sound) return std::unexpected("holds a key that OpenSSL finds unsound");
  return key;
}

}  // namespace

std::string secret_fault(JwsAlgorithm algorithm, std::string_view secret) {
  const std::size_t least = digest_bytes(algorithm);
  if (secret.find(kPemBegin) != secret.npos) return "has a PEM text as its secret; use pem";
  if (secret.size() < least)
    return "needs a secret of at least " + std::to_string(least) + " bytes, has " +
           std::to_string(secret.size());
  if (secret.size() > kSecretBytesMax) return "has a secret of more than 4096 bytes";
  return {};
}

std::expected<OpensslPtr<EVP_PKEY>, std::string> read_public_key(JwsAlgorithm algorithm,
                                                                 std::string_view pem) {
  if (pem.find("PRIVATE KEY-----") != pem.npos)
    return std::unexpected("holds a private key; verifying needs the public one");
  return read_key(algorithm, pem, &PEM_read_bio_PUBKEY, "a public key");
}

std::expected<OpensslPtr<EVP_PKEY>, std::string> read_private_key(JwsAlgorithm algorithm,
                                                                  std::string_view pem) {
  return read_key(algorithm, pem, &PEM_read_bio_PrivateKey, "an unencrypted private key");
}

bool init_signature(EVP_MD_CTX* context, JwsAlgorithm algorithm, EVP_PKEY* key, SignatureUse use) {
  EVP_PKEY_CTX* options = nullptr;  // owned by `context`
  const auto init = use == SignatureUse::verify ? &EVP_DigestVerifyInit_ex : &EVP_DigestSignInit_ex;
  if (init(context, &options, digest_name(algorithm), nullptr, nullptr, key, nullptr) != 1)
    return false;
  if (family_of(algorithm) != JwsFamily::rsa_pss) return true;
  // RFC 7518 section 3.5: the salt is as long as the digest, and MGF1 uses the same digest.
  return EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace tidewire
