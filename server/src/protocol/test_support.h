#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/codec.h"

namespace tidewire {

/// An envelope with its own memory, for tests that look at it after decode().
struct Collected {
  std::string type, id, channel, payload, key, trace, nonce, sig, enc, epoch;
  std::optional<Priority> priority;
  bool echo = true;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> seq;
  std::optional<ReceiptAsk> receipt;
};

struct CollectedError {
  std::string id;
  Error error;
};

/// Keeps everything a codec finds.
class CollectingSink final : public EnvelopeSink {
 public:
  void on_envelope(const Envelope& e) override {
    const auto own = [](std::string_view view) { return std::string(view); };
    messages.push_back({own(e.type), own(e.id), own(e.channel), own(e.payload), own(e.key),
                        own(e.trace), own(e.nonce), own(e.sig), own(e.enc), own(e.epoch),
                        e.priority, e.echo, e.offset, e.seq, e.receipt});
  }
  void on_bad_message(std::string_view id, std::string_view, const Error& error) override {
    errors.push_back({std::string(id), error});
  }

  std::vector<Collected> messages;
  std::vector<CollectedError> errors;
};

/// Decodes with the padding a codec asks for, filled with bytes that must not matter.
inline void decode_padded(Codec& codec, std::string_view message, EnvelopeSink& sink) {
  std::string padded(message);
  padded.append(64, '"');
  codec.decode(std::string_view(padded).substr(0, message.size()), sink);
}

}  // namespace tidewire
