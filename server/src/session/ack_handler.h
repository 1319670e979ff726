#pragma once

#include "protocol/envelope.h"
#include "protocol/stream_position.h"

namespace tidewire {

class Session;
struct ChannelPlace;
struct AckCommand;

/// A consumer's `ack`, and the question how far the others are, `receipts`.
class AckHandler {
 public:
  static void acknowledge(Session& session, const Envelope& envelope);
  static void receipts(Session& session, const Envelope& envelope);

 private:
  static bool take(Session& session, ChannelPlace& place, const AckCommand& command);
};

}  // namespace tidewire
