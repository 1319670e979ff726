// Feeds one endpoint everything at once and another the same bytes in pieces: both must report the
// same, keep the limits and be silent after the end. The first byte chooses the options, the second
// where the pieces are cut; the rest are raw bytes, or a recipe for well-formed frames.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ws/client_frames.h"
#include "ws/deflate_scratch.h"
#include "ws/endpoint.h"
#include "ws/event_log.h"
#include "ws/utf8.h"

namespace {

using namespace tidewire::ws;

constexpr std::size_t kMessageBytesMax = 2000;

void require(bool condition) {
  if (!condition) std::abort();
}

/// An EventLog that checks what must hold whatever the input was.
class Judge : public EventLog {
 public:
  void on_message(Opcode opcode, std::string_view payload) override {
    require(!over_ && payload.size() <= kMessageBytesMax);
    require(opcode == Opcode::binary || (opcode == Opcode::text && is_utf8(payload)));
    EventLog::on_message(opcode, payload);
  }
  void on_control(SharedFrame frame) override {
    require(!over_ && !close_sent_);
    close_sent_ = frame.opcode() == Opcode::close;
    EventLog::on_control(std::move(frame));
  }
  void on_pong(std::string_view payload) override {
    require(!over_ && payload.size() <= kControlBytesMax);
    EventLog::on_pong(payload);
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    require(!over_ && close_sent_ && is_utf8(reason));
    over_ = true;
    EventLog::on_close(code, reason);
  }
  void on_fail(std::uint16_t code, std::string_view reason) override {
    require(!over_ && close_sent_);
    require(code == kCloseProtocolError || code == kCloseInvalidPayload || code == kCloseTooBig);
    over_ = true;
    EventLog::on_fail(code, reason);
  }
  [[nodiscard]] bool over() const { return over_; }

 private:
  bool over_ = false;
  bool close_sent_ = false;
};

/// Frames with valid headers, so that the fuzzer need not guess masks: per frame one byte for
/// opcode, FIN and RSV1, one for the size, and the payload.
std::string frames_by_recipe(std::string_view recipe) {
  constexpr Opcode kOpcodes[] = {Opcode::continuation, Opcode::text,        Opcode::binary,
                                 Opcode::close,        Opcode::ping,        Opcode::pong,
                                 Opcode::text,         Opcode::continuation};
  std::string bytes;
  while (recipe.size() >= 2) {
    const auto kind = static_cast<std::uint8_t>(recipe[0]);
    const auto size =
        std::min<std::size_t>(static_cast<std::uint8_t>(recipe[1]), recipe.size() - 2);
    const ClientFrameShape shape{.fin = (kind & 0x80U) != 0,
                                 .reserved_bits = static_cast<std::uint8_t>((kind & 0x40U) >> 4U)};
    bytes += client_frame(kOpcodes[kind & 7U], recipe.substr(2, size), shape);
    recipe.remove_prefix(2 + size);
  }
  return bytes;
}

EndpointOptions options_by(std::uint8_t choice) {
  EndpointOptions options{.message_bytes_max = kMessageBytesMax,
                          .frame_bytes_max = (choice & 2U) != 0 ? 300U : kMessageBytesMax,
                          .fragments_max = (choice & 4U) != 0 ? 3U : 100U};
  if ((choice & 8U) != 0)
    options.deflate = DeflateParams{.client_no_context_takeover = (choice & 16U) != 0};
  return options;
}

/// Where the input is cut: a function of the input alone.
struct Cuts {
  std::uint32_t seed = 0;
  std::size_t piece_max = 0;  // 0: not at all

  std::size_t next(std::size_t rest) {
    if (piece_max == 0) return rest;
    seed = seed * 1664525 + 1013904223;
    return std::min(rest, 1 + (seed >> 8U) % piece_max);
  }
};

std::vector<std::string> run(std::string_view bytes, const EndpointOptions& options, Cuts cuts) {
  static DeflateScratch scratch{DeflateConfig{}};
  Endpoint endpoint(options, &scratch);
  Judge judge;
  while (!bytes.empty()) {
    const std::size_t size = cuts.next(bytes.size());
    feed(endpoint, bytes.substr(0, size), judge);
    bytes.remove_prefix(size);
    require(endpoint.stopped() == judge.over());
    require(endpoint.buffered_bytes() <= 4 * kMessageBytesMax);
  }
  return judge.without_pong_runs();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if ((data[0] & 1U) != 0) bytes = frames_by_recipe(bytes);
  if (bytes.empty()) return 0;
  const EndpointOptions options = options_by(data[0]);
  const auto whole = run(bytes, options, {});
  require(whole == run(bytes, options, Cuts{data[1], 40}));
  require(whole == run(bytes, options, Cuts{0, 1}));
  return 0;
}
