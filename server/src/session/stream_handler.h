#pragma once

#include "protocol/envelope.h"

namespace tidewire {

class Session;

/// `stream_open` and `stream_status`: announcing a growing message, and asking for them.
class StreamHandler {
 public:
  static void open(Session& session, const Envelope& envelope);
  static void status(Session& session, const Envelope& envelope);
};

}  // namespace tidewire
