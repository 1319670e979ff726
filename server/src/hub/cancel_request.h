#pragma once

#include <optional>
#include <string>

#include "hub/shard_mesh.h"
#include "stream/early_cancels.h"

namespace tidewire {

/// Who wrote the last piece of a growing message, and where that connection lives.
struct Producer {
  PublicationSender sender;
  ShardIndex shard = 0;
};

/// Somebody wants a growing message of a channel to stop.
struct CancelRequest {
  std::string channel;
  std::string message_id;
  StreamCancel cancel;
  bool permitted = false;  // permission `cancel`; without it only the producer may
};

/// What came of it.
struct CancelAck {
  bool duplicate = false;            // the message had ended already
  std::optional<Producer> producer;  // has to be told; nullopt: nobody has begun the message
};

}  // namespace tidewire
