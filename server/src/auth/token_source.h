#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "protocol/error.h"

namespace tidewire {

inline constexpr std::string_view kTokenSubprotocolPrefix = "tidewire.token.";

enum class TokenPlace : std::uint8_t { none, authorization, subprotocol, query };

/// The parts of an upgrade request that may hold a token, as they arrived.
struct TokenRequest {
  std::span<const std::string_view> authorization;  // values of every Authorization header
  std::span<const std::string_view> subprotocols;   // values of every Sec-WebSocket-Protocol header
  std::string_view query;                           // after '?', not decoded
  bool allow_query_token = false;
};

struct FoundToken {
  std::string_view token;  // a view into the request; empty when place is none
  TokenPlace place = TokenPlace::none;
};

/// Finds the token of an upgrade (protocol.md section 1): the Authorization header, else an
/// offered subprotocol `tidewire.token.<jwt>`, else `?token=` when allowed, else none, and the
/// client has to send `auth`. Two tokens in one place, a scheme other than Bearer or an empty
/// token are errors (unauthorized): guessing which credential was meant is how they get confused.
[[nodiscard]] std::expected<FoundToken, Error> find_token(const TokenRequest& request);

}  // namespace tidewire
