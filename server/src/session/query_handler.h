#pragma once

#include "protocol/envelope.h"

namespace tidewire {

class Session;

/// Messages that only ask: `history`, `presence` and `connection_heartbeat`.
class QueryHandler {
 public:
  static void history(Session& session, const Envelope& envelope);
  static void heartbeat(Session& session, const Envelope& envelope);
};

}  // namespace tidewire
