#pragma once

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

namespace tidewire {

struct OpensslDelete {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }
  void operator()(EVP_MAC* p) const { EVP_MAC_free(p); }
  void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
};

/// One OpenSSL object with one owner.
template <typename T>
using OpensslPtr = std::unique_ptr<T, OpensslDelete>;

/// A text as OpenSSL takes it.
[[nodiscard]] inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace tidewire
