// Feeds bytes to both codecs and checks what must hold for any input: what is accepted is JSON, can
// be encoded and read back the same. What a session makes of it is fuzz_session's matter.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "protocol/json_codec.h"
#include "protocol/json_text.h"
#include "protocol/proto_codec.h"

namespace {

using namespace tidewire;

void require(bool condition) {
  if (!condition) std::abort();
}

OutgoingMessage outgoing(const Envelope& envelope) {
  return {.type = envelope.type,
          .id = envelope.id,
          .channel = envelope.channel,
          .payload = envelope.payload,
          .offset = envelope.offset,
          .epoch = envelope.epoch,
          .priority = envelope.priority,
          .key = envelope.key,
          .trace = envelope.trace,
          .nonce = envelope.nonce,
          .sig = envelope.sig,
          .enc = envelope.enc};
}

/// Accepts exactly the message it is told to expect.
class SameSink final : public EnvelopeSink {
 public:
  explicit SameSink(const Envelope& expected) : expected_(expected) {}
  void on_envelope(const Envelope& envelope) override {
    require(envelope.type == expected_.type && envelope.id == expected_.id);
    require(envelope.channel == expected_.channel && envelope.payload == expected_.payload);
    require(envelope.offset == expected_.offset && envelope.priority == expected_.priority);
    ++count;
  }
  void on_bad_message(std::string_view, std::string_view, const Error&) override { std::abort(); }
  int count = 0;

 private:
  const Envelope& expected_;
};

void require_same(Codec& codec, const Envelope& envelope) {
  std::string bytes = codec.encode(outgoing(envelope));
  const std::size_t size = bytes.size();
  bytes.append(64, '\0');
  SameSink sink(envelope);
  codec.decode(std::string_view(bytes).substr(0, size), sink);
  require(sink.count == 1);
}

class CheckSink final : public EnvelopeSink {
 public:
  CheckSink(Codec& json, Codec& proto) : json_(json), proto_(proto) {}
  void on_envelope(const Envelope& envelope) override {
    require(!find_json_fault(envelope.payload, 32));
    require_same(json_, envelope);
    require_same(proto_, envelope);
  }
  void on_bad_message(std::string_view id, std::string_view, const Error& error) override {
    require(id.size() <= kIdBytesMax && !error.message.empty());
  }

 private:
  Codec& json_;
  Codec& proto_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static JsonCodec json, json_again;
  static ProtoCodec proto, proto_again;
  if (size == 0) return 0;
  // The first byte picks the form; the rest is the message, with the padding a codec asks for.
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  bytes.append(64, '\0');
  const auto message = std::string_view(bytes).substr(0, size - 1);
  CheckSink sink(json_again, proto_again);
  Codec& codec = data[0] == 'p' ? static_cast<Codec&>(proto) : json;
  codec.decode(message, sink);
  return 0;
}
