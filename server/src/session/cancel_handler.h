#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/cancel_request.h"
#include "protocol/envelope.h"
#include "stream/early_cancels.h"

namespace tidewire {

class Session;
class SessionDirectory;

/// `stream_cancel`: somebody has read enough of a growing message.
class CancelHandler {
 public:
  static void cancel(Session& session, const Envelope& envelope);

  /// Tells the connection that produces the message to stop.
  static void tell(Session& producer, std::string_view channel, std::string_view message_id,
                   const StreamCancel& cancel);

  /// The sessions of all shards, and the way to them.
  struct Reach {
    ShardMesh& mesh;
    const std::vector<SessionDirectory*>& sessions;
  };
  /// The same for a producer wherever it is.
  static void reach(const Reach& reach, const Producer& producer, std::string channel,
                    std::string message_id, StreamCancel cancel);
};

}  // namespace tidewire
