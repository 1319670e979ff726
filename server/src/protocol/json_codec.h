#pragma once

#include <memory>

#include "protocol/codec.h"

namespace tidewire {

/// `tidewire.v1.json`: one JSON object a message, an array of them a batch.
///
/// Strict: a text that is not JSON is one invalid_message with an empty path and nothing of it is
/// delivered. Unknown fields are ignored (but must be JSON). Of a field that appears twice the last
/// one counts, as in JSON.parse; every appearance must have the right type. `from` and `ts` are the
/// server's to set and are ignored.
class JsonCodec final : public Codec {
 public:
  explicit JsonCodec(CodecLimits limits = {});
  ~JsonCodec() override;

  void decode(std::string_view message, EnvelopeSink& sink) override;
  [[nodiscard]] std::string encode(const OutgoingMessage& message) const override;
  [[nodiscard]] std::string encode_batch(std::span<const std::string_view> encoded) const override;
  [[nodiscard]] bool binary() const override { return false; }

 private:
  struct Parser;  // keeps simdjson out of this header

  CodecLimits limits_;
  std::unique_ptr<Parser> parser_;
};

/// Appends `message` in the JSON form; also what `publications`, `latest` and `streams` hold.
void append_envelope_json(std::string& out, const OutgoingMessage& message);

}  // namespace tidewire
