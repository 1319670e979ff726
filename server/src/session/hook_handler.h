#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "auth/claims.h"
#include "auth/permission_set.h"
#include "protocol/envelope.h"
#include "session/hook_verdict.h"
#include "session/session.h"

namespace tidewire {

/// Where the application has a say: before a client is welcome, subscribes or publishes
/// (docs/mechanisms/hooks.md). Without a hook each of these costs one comparison.
class HookHandler {
 public:
  /// Asks whether this client may come in; then `begin` runs with what the token and the
  /// application say. A refusal ends the connection.
  static void connect(Session& session, Claims claims, std::string id,
                      std::move_only_function<void(Session&, Claims)> begin);
  /// Whether the message waits until the client is welcome, or was refused because too many do.
  [[nodiscard]] static bool holds(Session& session, const Envelope& envelope);
  /// What the connect hook gave goes on to count with a newer token.
  static void keep_grants(const Session& session, Holder& claims);

  /// Whether the application is asked about a subscription that is allowed otherwise; then `begin`
  /// runs with the most that it leaves, or `refuse`.
  struct Subscribing {
    std::move_only_function<void(Session&, PermissionSet)> begin;
    std::move_only_function<void(Session&, const Error&)> refuse;
  };
  [[nodiscard]] static bool subscribe(Session& session, std::string_view channel,
                                      PermissionSet permissions, Subscribing then);

  /// Whether the event waits for a verdict, or behind one that does, or was refused because too
  /// many wait. It has passed every check. PublishHandler::publish_now() gets it in its turn.
  [[nodiscard]] static bool publish(Session& session, const Envelope& envelope,
                                    std::string_view channel, std::string_view name_space);

 private:
  static void admit(Session& session, Claims claims, const std::string& id, HookVerdict verdict,
                    std::move_only_function<void(Session&, Claims)>& begin);
  static void release(Session& session);
};

}  // namespace tidewire
