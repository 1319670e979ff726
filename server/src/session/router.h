#pragma once

#include "protocol/envelope.h"

namespace tidewire {

class Session;

/// Which handler a message goes to, and what is refused before any handler sees it.
///
/// Thread: the session's shard. Stateless.
class Router {
 public:
  static void route(Session& session, const Envelope& envelope);

 private:
  static void dispatch(Session& session, const Envelope& envelope);
};

}  // namespace tidewire
