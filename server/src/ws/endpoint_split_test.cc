#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ws/client_frames.h"
#include "ws/deflate_scratch.h"
#include "ws/endpoint.h"
#include "ws/event_log.h"

namespace tidewire::ws {
namespace {

const DeflateParams kNoTakeover{.server_no_context_takeover = true,
                                .client_no_context_takeover = true};

std::vector<std::string> run(const std::vector<std::string_view>& pieces, bool deflate) {
  DeflateScratch scratch{DeflateConfig{}};
  EndpointOptions options{.message_bytes_max = 3000, .frame_bytes_max = 2000, .fragments_max = 6};
  if (deflate) options.deflate = kNoTakeover;
  Endpoint endpoint(options, &scratch);
  EventLog log;
  for (const std::string_view piece : pieces) feed(endpoint, piece, log);
  return log.without_pong_runs();
}

std::string part(Opcode opcode, std::string_view payload, bool fin, std::uint8_t bits = 0) {
  return client_frame(opcode, payload, {.fin = fin, .reserved_bits = bits});
}

std::vector<std::string> corpus() {
  const std::string euro = "\xE2\x82\xAC";
  const std::string packed("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);  // "Hello", RFC 7692 section 7.2.3.1
  std::string flood;
  for (int i = 0; i < 30; ++i) flood += client_frame(Opcode::ping, std::to_string(i));
  return {
      client_frame(Opcode::text, "hello") + client_frame(Opcode::binary, std::string(200, 'b')),
      part(Opcode::text, euro.substr(0, 2), false) + client_frame(Opcode::ping, "mid") +
          part(Opcode::continuation, euro.substr(2), true) + client_close(1000, "done"),
      flood + client_frame(Opcode::text, "after") + flood,
      client_frame(Opcode::text, "bad \xFF byte") + client_frame(Opcode::text, "never"),
      client_frame(Opcode::ping, std::string(125, 'p')) + client_frame(Opcode::pong, "q") +
          client_header(9, 126),
      part(Opcode::text, packed, true, 4) + part(Opcode::text, packed.substr(0, 3), false, 4) +
          client_frame(Opcode::ping, "") + part(Opcode::continuation, packed.substr(3), false) +
          part(Opcode::continuation, "", true) + part(Opcode::binary, "\xFF\xFF", true, 4),
      client_frame(Opcode::binary, std::string(1000, 'x')) + client_header(2, 2001),
      part(Opcode::binary, "1", false) + part(Opcode::continuation, "2", false) +
          client_close(4999, euro) + "trailing",
      client_frame(Opcode::close, "") + client_frame(Opcode::text, "late"),
      client_header(1, 5, {.masked = false}) + "hello",
  };
}

TEST(EndpointSplit, TwoReadsGiveWhatOneReadGivesWhereverTheyAreCut) {
  for (const std::string& bytes : corpus())
    for (const bool deflate : {false, true}) {
      const std::string_view view = bytes;
      const auto expected = run({view}, deflate);
      for (std::size_t cut = 0; cut <= view.size(); ++cut)
        ASSERT_EQ(run({view.substr(0, cut), view.substr(cut)}, deflate), expected) << cut;
    }
}

TEST(EndpointSplit, OneByteAtATimeGivesTheSame) {
  for (const std::string& bytes : corpus())
    for (const bool deflate : {false, true}) {
      std::vector<std::string_view> pieces;
      for (std::size_t i = 0; i < bytes.size(); ++i)
        pieces.push_back(std::string_view(bytes).substr(i, 1));
      EXPECT_EQ(run(pieces, deflate), run({bytes}, deflate));
    }
}

TEST(EndpointSplit, RandomFramesGiveTheSameInRandomPieces) {
  std::mt19937 random(20250101);
  const auto below = [&random](std::size_t limit) { return random() % limit; };
  const std::vector<std::uint8_t> opcodes{0, 0, 1, 1, 2, 2, 9, 10, 10, 0, 1, 8, 3};
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (std::size_t frames = 1 + below(8); frames > 0; --frames) {
      ClientFrameShape shape{.fin = below(3) != 0, .masked = below(50) != 0};
      shape.reserved_bits = below(20) == 0 ? 4 : 0;
      const std::string payload(below(8) == 0 ? below(300) : below(20),
                                below(20) == 0 ? '\xC3' : 'a');
      bytes += client_frame(Opcode{opcodes[below(opcodes.size())]}, payload, shape);
    }
    std::vector<std::string_view> pieces;
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t size = std::min(rest.size(), 1 + below(40));
      pieces.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    const bool deflate = below(2) == 0;
    ASSERT_EQ(run(pieces, deflate), run({bytes}, deflate)) << "round " << round;
  }
}

}  // namespace
}  // namespace tidewire::ws
