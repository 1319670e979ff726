#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ws/deflate_params.h"

namespace tidewire::ws {

struct HandshakeHeader {
  std::string_view name;
  std::string_view value;  // without the white space around it
};

/// An HTTP request that asks for an upgrade, as the HTTP parser delivered it.
struct HandshakeRequest {
  std::string_view method;
  int http_major = 1;
  int http_minor = 1;
  std::string_view target;
  std::span<const HandshakeHeader> headers;
};

struct HandshakePolicy {
  std::span<const std::string_view> subprotocols;  // supported
  DeflateConfig deflate;
};

/// An offered subprotocol with this prefix carries a token and is never selected: browsers cannot
/// set an Authorization header.
inline constexpr std::string_view kTokenSubprotocolPrefix = "tidewire.token.";

/// What a valid handshake agreed on.
struct HandshakeResult {
  std::string accept;                    // Sec-WebSocket-Accept
  std::string subprotocol;               // empty: no Sec-WebSocket-Protocol header
  std::string extensions;                // empty: no Sec-WebSocket-Extensions header
  std::optional<DeflateParams> deflate;  // what `extensions` says
  std::string token;                     // offered by kTokenSubprotocolPrefix; empty: none

  /// The whole 101 response, head and blank line.
  [[nodiscard]] std::string response() const;
};

/// Why there is no upgrade. After answering, the server closes the connection (a proxy that saw the
/// Upgrade header may treat what follows as opaque).
struct HandshakeRefusal {
  int status = 400;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  // to add to the response
};

/// Decides an opening handshake, in time linear in the request. The path, the origin and the token
/// are judged elsewhere.
/// Source: RFC 6455 sections 4.2, 4.4, 9.1 and 11.3, RFC 7692 section 5, RFC 9112 sections 3.2, 6.
[[nodiscard]] std::expected<HandshakeResult, HandshakeRefusal> handshake(
    const HandshakeRequest& request, const HandshakePolicy& policy);

/// base64(SHA-1(key + GUID)), RFC 6455 section 4.2.2 (5.4).
[[nodiscard]] std::string accept_key(std::string_view key);

}  // namespace tidewire::ws
