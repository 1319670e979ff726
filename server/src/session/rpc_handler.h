#pragma once

#include <string_view>

#include "protocol/envelope.h"
#include "rpc/rpc_call.h"

namespace tidewire {

class Session;

/// `rpc`, `rpc_cancel`, `rpc_serve` and `rpc_response`, and what the RpcDesk has for a session.
class RpcHandler {
 public:
  static void call(Session& session, const Envelope& envelope);
  static void cancel(Session& session, const Envelope& envelope);
  static void serve(Session& session, const Envelope& envelope);
  static void respond(Session& session, const Envelope& envelope);

  /// Where the answers for a session go.
  [[nodiscard]] static RpcAddress address_of(const Session& session);

  /// A refreshed token may no longer allow to serve.
  static void recheck(Session& session);
  static void closed(Session& session);

  // For the RpcDesk.
  static void acknowledge(Session& worker, std::string_view id);
  static void ask(Session& worker, std::string_view channel, std::string_view payload);
  static void stop(Session& worker, std::string_view channel, std::string_view request_id,
                   std::string_view reason);
  static void answer(Session& caller, std::string_view id, std::string_view channel,
                     const RpcOutcome& outcome);
  static void cancelled(Session& caller, std::string_view id, bool found);
};

}  // namespace tidewire
