#include "base/ids.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>

#include <sys/random.h>

#include "base/base64.h"

namespace tidewire {
namespace {

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
  std::array<char, 16> bytes{};
  fill_random(bytes);
  return base64url_encode({bytes.data(), bytes.size()});
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  fill_random({reinterpret_cast<char*>(&value), sizeof value});
  return value;
}

SeededIds::SeededIds(std::uint64_t seed) { seeded.emplace(seed); }
SeededIds::~SeededIds() { seeded.reset(); }

}  // namespace tidewire
