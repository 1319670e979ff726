#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "protocol/envelope.h"
#include "protocol/error.h"

namespace tidewire {

class Session;

/// `rpc`, `rpc_serve` and `rpc_response`, and what the RpcDesk has for a session.
class RpcHandler {
 public:
  static void call(Session& session, const Envelope& envelope);
  static void serve(Session& session, const Envelope& envelope);
  static void respond(Session& session, const Envelope& envelope);

  /// A refreshed token may no longer allow to serve.
  static void recheck(Session& session);
  static void closed(Session& session);

  // For the RpcDesk.
  static void acknowledge(Session& worker, std::string_view id);
  static void ask(Session& worker, std::string_view channel, std::string_view payload);
  static void answer(Session& caller, std::string_view id, std::string_view channel,
                     const std::expected<std::string, Error>& result);
};

}  // namespace tidewire
