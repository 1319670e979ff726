// Feeds one event stream to the parser whole and in pieces: both must yield the same events, and
// what they say to a provider's dialect must never break it. The first input byte decides where the
// pieces are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/event_stream_parser.h"
#include "stream/ingest.h"

namespace {

using tidewire::http::EventStreamParser;
using tidewire::http::ServerSentEvent;

std::size_t next_piece(std::uint32_t& seed) {
  seed = seed * 1664525 + 1013904223;
  return 1 + (seed >> 24) % 37;
}

std::string parse(std::string_view bytes, std::uint32_t seed, bool whole) {
  std::string seen;
  tidewire::Ingest ingest(tidewire::IngestFormat::detect);
  EventStreamParser parser(4096, [&](const ServerSentEvent& event) {
    seen += event.event + '\0' + event.data + '\0';
    const auto result = ingest.take(event.data);
    if (!result) return;
    for (const auto& piece : result->pieces)
      if (piece.part_kind.empty() != piece.part_id.empty()) std::abort();
  });
  bool going = true;
  while (!bytes.empty() && going) {
    const std::size_t size = whole ? bytes.size() : std::min(next_piece(seed), bytes.size());
    going = parser.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  // How much was taken before the limit does depend on nothing but the bytes.
  if (!going) seen += "too large";
  parser.end();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (parse(bytes, data[0], true) != parse(bytes, data[0], false)) std::abort();
  return 0;
}
