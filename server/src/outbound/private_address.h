#pragma once

#include <string_view>

struct sockaddr;

namespace tidewire::outbound {

/// Whether an address is not one of the public internet: loopback, private, link-local (cloud
/// metadata services are there), shared, benchmarking, multicast, reserved, and IPv6 forms that
/// embed such an IPv4 address (RFC 6890, RFC 4291, RFC 6052, RFC 3056). What is neither IPv4 nor
/// IPv6 counts as private.
[[nodiscard]] bool is_private_address(const sockaddr& address);

/// The same for a numeric address as text; a text that is none counts as private.
[[nodiscard]] bool is_private_address(std::string_view text);

}  // namespace tidewire::outbound
