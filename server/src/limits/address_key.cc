#include "limits/address_key.h"

#include <algorithm>

#include <arpa/inet.h>

namespace tidewire {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

AddressKey AddressKey::from_v4(std::span<const std::uint8_t, 4> bytes) {
  return {big_endian(bytes), true};
}

AddressKey AddressKey::from_v6(std::span<const std::uint8_t, 16> bytes) {
  if (std::ranges::equal(bytes.first<12>(), kMappedPrefix)) return from_v4(bytes.last<4>());
  return {big_endian(bytes.first<8>()), false};
}

std::optional<AddressKey> AddressKey::parse(std::string_view text) {
  text = text.substr(0, text.find('%'));
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return std::nullopt;
  text.copy(terminated.data(), text.size());
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, terminated.data(), bytes.data()) == 1)
    return from_v4(std::span(bytes).first<4>());
  if (inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return from_v6(bytes);
  return std::nullopt;
}

}  // namespace tidewire
