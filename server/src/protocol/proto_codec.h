#pragma once

#include <memory>

#include "protocol/codec.h"

namespace tidewire {

/// `tidewire.v1.proto`: a binary frame is one `Frame` of protocol/tidewire.proto with one envelope
/// or, as a batch, several. The payload is the same JSON text as in the JSON form, so both forms
/// carry the same messages.
///
/// Strict: bytes that are not a Frame, or text fields that are not UTF-8, are one invalid_message
/// with an empty path and nothing is delivered. Unknown fields are ignored; of a field that appears
/// twice the last one counts. `from` and `ts` are ignored.
class ProtoCodec final : public Codec {
 public:
  explicit ProtoCodec(CodecLimits limits = {});
  ~ProtoCodec() override;

  void decode(std::string_view message, EnvelopeSink& sink) override;
  [[nodiscard]] std::string encode(const OutgoingMessage& message) const override;
  [[nodiscard]] std::string encode_batch(std::span<const std::string_view> encoded) const override;
  [[nodiscard]] bool binary() const override { return true; }

 private:
  struct Frames;  // keeps protobuf out of this header

  CodecLimits limits_;
  std::unique_ptr<Frames> frames_;
};

}  // namespace tidewire
