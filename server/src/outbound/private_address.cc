#include "outbound/private_address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace tidewire::outbound {
namespace {

using V6 = std::array<std::uint8_t, 16>;

struct V4Block {
  std::uint32_t base;
  int bits;
};
constexpr auto kPrivateV4 = std::to_array<V4Block>({
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarking
    {0xE0000000, 3},   // multicast, reserved, broadcast
});

bool is_private(std::uint32_t v4) {
  return std::ranges::any_of(kPrivateV4, [v4](const V4Block& block) {
    return (v4 ^ block.base) >> (32 - block.bits) == 0;
  });
}

std::uint32_t v4_at(const V6& v6, std::size_t at) {
  return std::uint32_t{v6[at]} << 24 | std::uint32_t{v6[at + 1]} << 16 |
         std::uint32_t{v6[at + 2]} << 8 | v6[at + 3];
}

bool starts_with(const V6& v6, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), v6.begin());
}

bool is_private(const V6& v6) {
  if (starts_with(v6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})) return is_private(v4_at(v6, 12));
  if (starts_with(v6, {0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0}))  // NAT64
    return is_private(v4_at(v6, 12));
  if (starts_with(v6, {0x20, 0x02})) return is_private(v4_at(v6, 2));  // 6to4
  // Only 2000::/3 is assigned to the public internet.
  return (v6[0] & 0xE0) != 0x20;
}

}  // namespace

bool is_private_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return is_private(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    V6 bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return is_private(bytes);
  }
  return true;
}

bool is_private_address(std::string_view text) {
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return is_private(ntohl(v4.s_addr));
  V6 v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return is_private(v6);
  return true;
}

}  // namespace tidewire::outbound
