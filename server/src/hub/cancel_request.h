#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "history/publication.h"
#include "hub/shard_mesh.h"
#include "stream/early_cancels.h"
#include "stream/stream_table.h"

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

/// A producer of the server API went away: what it wrote so far is all there is.
struct InterruptRequest {
  std::string channel;
  std::string message_id;
  std::string producer;          // user id; somebody else's message is left alone
  std::uint64_t generation = 0;  // and so is another one
  StreamEnd end = StreamEnd::interrupted;
};

enum class CancelState : std::uint8_t {
  cancelled,  // it grew, and has ended now
  pending,    // nobody has begun it: it ends at its first piece
  ended,      // it had ended already
};

/// What came of it.
struct CancelAck {
  CancelState state = CancelState::pending;
  std::optional<Producer> producer;  // has to be told; nullopt: nobody has begun the message
};

}  // namespace tidewire
