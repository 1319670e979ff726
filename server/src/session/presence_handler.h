#pragma once

#include "protocol/envelope.h"

namespace tidewire {

class Session;

/// `presence` and `presence_update`: who is in a channel, and what one says about oneself there.
class PresenceHandler {
 public:
  static void query(Session& session, const Envelope& envelope);
  static void update(Session& session, const Envelope& envelope);
};

}  // namespace tidewire
