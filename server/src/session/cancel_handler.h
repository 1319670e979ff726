#pragma once

#include <string_view>

#include "protocol/envelope.h"
#include "stream/early_cancels.h"

namespace tidewire {

class Session;
struct SessionContext;
struct Producer;

/// `stream_cancel`: somebody has read enough of a growing message.
class CancelHandler {
 public:
  static void cancel(Session& session, const Envelope& envelope);

  /// Tells the connection that produces the message to stop.
  static void tell(Session& producer, std::string_view channel, std::string_view message_id,
                   const StreamCancel& cancel);

 private:
  static void reach(const SessionContext& context, const Producer& producer, std::string channel,
                    std::string message_id, StreamCancel cancel);
};

}  // namespace tidewire
