#include "base/ids.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>

#include <openssl/sha.h>
#include <sys/random.h>

#include "base/base64.h"

namespace tidewire {
namespace {

constexpr std::size_t kIdBytes = 16;

thread_local std::optional<std::mt19937_64> seeded;

void fill_seeded(std::span<char> out) {
  for (char& byte : out) byte = static_cast<char>((*seeded)());
}

/// getrandom(2) on a buffer of at most 256 bytes fails only when the kernel cannot serve it at
/// all; going on with guessable identifiers would be worse than stopping.
void fill_random(std::span<char> out) {
  if (seeded) return fill_seeded(out);
  ssize_t got = -1;
  do {
    got = getrandom(out.data(), out.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(out.size())) std::abort();
}

}  // namespace

std::string random_id() {
  std::array<char, kIdBytes> bytes{};
  fill_random(bytes);
  return base64url_encode({bytes.data(), bytes.size()});
}

std::string derived_id(std::string_view secret, std::string_view name) {
  std::string text(secret);
  text.append(1, '\0').append(name);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64url_encode({reinterpret_cast<const char*>(digest.data()), kIdBytes});
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  fill_random({reinterpret_cast<char*>(&value), sizeof value});
  return value;
}

SeededIds::SeededIds(std::uint64_t seed) { seeded.emplace(seed); }
SeededIds::~SeededIds() { seeded.reset(); }

}  // namespace tidewire
