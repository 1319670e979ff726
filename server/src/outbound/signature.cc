#include "outbound/signature.h"

#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tidewire::outbound {

std::string sign_body(std::string_view secret, std::int64_t timestamp_s, std::string_view body) {
  std::string signed_text = std::to_string(timestamp_s) + '.';
  signed_text += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(),
       digest.data(), &size);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "sha256=";
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

}  // namespace tidewire::outbound
