#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "auth/permission_set.h"
#include "hub/subscribe_request.h"
#include "protocol/commands.h"
#include "protocol/envelope.h"
#include "protocol/error.h"
#include "session/parked_session.h"

namespace tidewire {

class Session;

/// `subscribe` and `unsubscribe`.
class SubscribeHandler {
 public:
  static void subscribe(Session& session, const Envelope& envelope);
  static void unsubscribe(Session& session, const Envelope& envelope);

  /// Brings back a channel of a resumed session, from its position; the client is told when it may
  /// not have it any more.
  static void restore(Session& session, const ParkedChannel& parked);

  /// Subscribes to the channel that the URL names; a client that may not is closed with 4403.
  static void subscribe_scope(Session& session);

  /// Subscribes because an operator says so, whatever the token's rules are; the client gets
  /// `subscribed` without an `id`. False when it is subscribed already or has all its channels.
  static bool subscribe_by_operator(Session& session, const std::string& channel);

 private:
  struct Wanted;
  static std::expected<Wanted, Error> check(Session& session, const Envelope& envelope);
  static void refuse(Session& session, const Envelope& envelope, const Error& error);
  static bool asks_first(Session& session, const Envelope& envelope, const Wanted& wanted);
  static void finish_asking(Session& session, const Envelope& envelope, PermissionSet ceiling);
  /// `wanted` holds what a subscription token grants.
  static std::expected<Wanted, Error> check(Session& session, std::string_view channel,
                                            SubscribeCommand command, Wanted wanted);
  static std::expected<Wanted, Error> check(Session& session, const ParkedChannel& parked);
  static bool asks_again(Session& session, const ParkedChannel& parked, PermissionSet permissions);
  static void bring_back(Session& session, const ParkedChannel& parked, Wanted wanted,
                         PermissionSet ceiling);
  static void begin(Session& session, Wanted wanted, std::string id);
  static void refuse(Session& session, const std::string& channel, const std::string& id,
                     const Error& error);
  using Asked = std::shared_ptr<const std::string>;
  static void finish(Session& session, const std::string& channel, const Asked& asked,
                     std::expected<SubscribeSnapshot, Error> result);
};

}  // namespace tidewire
