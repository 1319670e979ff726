#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

namespace tidewire::net {

/// An IPv4 or IPv6 address with a port, in 20 bytes so that every connection can keep its own.
/// An IPv4 address that arrives mapped into IPv6 (::ffff:a.b.c.d) is kept as IPv4, so that limits
/// per address count one client once.
class SocketAddress {
 public:
  SocketAddress() = default;
  static SocketAddress from(const sockaddr_storage& storage);

  /// Resolves `host:port`, `[ipv6]:port`, `:port` or `*:port` (the last two: every address, both
  /// families). Blocks on the resolver when the host is a name: only before the server listens.
  /// The error is a sentence that names the text.
  static std::expected<SocketAddress, std::string> parse(std::string_view text);

  [[nodiscard]] bool is_ipv6() const { return ipv6_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] SocketAddress with_port(std::uint16_t port) const;

  /// The address without the port and without brackets: the key for limits per address.
  [[nodiscard]] std::string host() const;
  /// `host:port`, IPv6 in brackets.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool is_loopback() const;
  /// 0.0.0.0 or ::
  [[nodiscard]] bool is_any() const { return bytes_ == std::array<std::uint8_t, 16>{}; }

  /// Fills `storage` for bind() or connect() and returns its length.
  socklen_t to(sockaddr_storage& storage) const;

  bool operator==(const SocketAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 uses the first four
  std::uint16_t port_ = 0;
  bool ipv6_ = false;
};

}  // namespace tidewire::net
