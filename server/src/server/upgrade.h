#pragma once

#include <expected>
#include <optional>
#include <string>

#include "auth/claims.h"
#include "http/request.h"
#include "http/response.h"
#include "server/shared_state.h"
#include "ws/handshake.h"

namespace tidewire {

/// An upgrade request that has passed: what the connection will be.
struct UpgradePlan {
  ws::HandshakeResult handshake;
  bool echo = false;    // /debug/echo
  std::string channel;  // the one that the URL names; empty: none
  std::optional<Claims> claims;
  std::string session_id;  // the session that the request goes on with; empty: none
};

/// Judges an upgrade request: path, handshake, origin, token, in this order (protocol.md
/// section 1). Pure but for the authenticator's keys.
///
/// Errors: the response to send before the connection is closed, and the label to count it by.
struct UpgradeRefusal {
  http::Response response;
  HandshakeLabel label;
};
[[nodiscard]] std::expected<UpgradePlan, UpgradeRefusal> plan_upgrade(const http::Request& request,
                                                                      const SharedState& state,
                                                                      WallMillis now);

}  // namespace tidewire
