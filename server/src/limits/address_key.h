#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidewire {

/// The part of a client's address that limits are counted by: all of an IPv4 address, the first
/// 64 bits of an IPv6 address (a single subscriber gets a whole /64 and can roam in it). An
/// IPv4-mapped IPv6 address counts as IPv4.
class AddressKey {
 public:
  [[nodiscard]] static AddressKey from_v4(std::span<const std::uint8_t, 4> bytes);
  [[nodiscard]] static AddressKey from_v6(std::span<const std::uint8_t, 16> bytes);
  /// Text without port or brackets ("192.0.2.1", "2001:db8::1"); a zone ("%eth0") is ignored.
  [[nodiscard]] static std::optional<AddressKey> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const { return v4_; }
  [[nodiscard]] std::uint64_t bits() const { return bits_; }
  friend bool operator==(const AddressKey&, const AddressKey&) = default;

 private:
  AddressKey(std::uint64_t bits, bool v4) : bits_(bits), v4_(v4) {}

  std::uint64_t bits_;
  bool v4_;
};

}  // namespace tidewire
