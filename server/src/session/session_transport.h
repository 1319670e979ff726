#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/codes.gen.h"
#include "session/outbox.h"

namespace tidewire {

/// What a Session needs of the connection below it.
///
/// Thread: the shard's. None of these call back into the session at once.
class SessionTransport {
 public:
  [[nodiscard]] virtual Outbox& outbox() = 0;
  /// Something was queued: write at the end of this turn, or when the batch is ready.
  virtual void flush_soon(const BatchLimits& batch) = 0;
  /// Nothing of what was queued is on its way any more: the peer's machine has it.
  [[nodiscard]] virtual bool delivered() const = 0;
  /// Sends what is queued, then the close frame, then ends. Events no longer go out after it.
  virtual void close_after_flush(CloseCode code, std::string_view reason) = 0;
  /// Forgets what is queued, sends the close frame and ends: for readers that are too slow.
  virtual void close_now(CloseCode code, std::string_view reason) = 0;

 protected:
  ~SessionTransport() = default;
};

}  // namespace tidewire
