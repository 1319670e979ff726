#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "protocol/envelope.h"
#include "protocol/error.h"

namespace tidewire {

/// Takes what a codec finds in one WebSocket message, in order.
class EnvelopeSink {
 public:
  virtual void on_envelope(const Envelope& envelope) = 0;

  /// One message was bad. `id` and `channel` are the client's own when they could be read, else
  /// empty; answer with an `error` message. The other messages of a batch are still delivered.
  virtual void on_bad_message(std::string_view id, std::string_view channel,
                              const Error& error) = 0;

 protected:
  ~EnvelopeSink() = default;
};

/// What a codec refuses, beside the limits of envelope.h.
struct CodecLimits {
  std::size_t batch_messages =
      128;                 // more messages in one batch: message_too_large, none delivered
  std::size_t depth = 32;  // deeper nesting, the payload included: invalid_message
};

/// One wire form (`tidewire.v1.json` or `tidewire.v1.proto`): bytes <-> envelopes.
///
/// Owner:  a shard; one object per form serves all its connections. Thread: that shard's.
/// Memory: parser and scratch are kept between messages; an ordinary message allocates nothing.
class Codec {
 public:
  virtual ~Codec() = default;

  /// Hands every message in `message` to `sink`. 64 readable bytes must follow its end. The sink
  /// must not call decode() of the same codec.
  virtual void decode(std::string_view message, EnvelopeSink& sink) = 0;

  [[nodiscard]] virtual std::string encode(const OutgoingMessage& message) const = 0;

  /// Joins what encode() returned into one batch.
  [[nodiscard]] virtual std::string encode_batch(
      std::span<const std::string_view> encoded) const = 0;

  /// Whether this form travels in binary frames (else text).
  [[nodiscard]] virtual bool binary() const = 0;
};

}  // namespace tidewire
