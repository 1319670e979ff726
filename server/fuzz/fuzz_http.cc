// Feeds one request to the parser whole and in pieces: both must come to the same verdict, use the
// same bytes and yield the same request. The first input byte decides where the pieces are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "http/request_parser.h"

namespace {

using tidewire::http::Header;
using tidewire::http::ParseStatus;
using tidewire::http::Request;
using tidewire::http::RequestLimits;
using tidewire::http::RequestParser;

/// Everything that can be observed of one parse.
struct Outcome {
  ParseStatus status = ParseStatus::need_more;
  std::size_t consumed = 0;
  std::string text;

  bool operator==(const Outcome&) const = default;
};

std::string describe(const Request& request) {
  std::string text = std::string(request.method) + '\n' + std::string(request.target) + '\n' +
                     request.path + '\n' + std::string(request.query) + '\n';
  for (const Header& header : request.headers)
    text += std::string(header.name) + ':' + std::string(header.value) + '\n';
  text += request.keep_alive ? "keep" : "close";
  text += request.upgrade ? " upgrade\n" : "\n";
  return text += request.body;
}

/// A small generator, so that the cuts are a function of the input alone.
std::size_t next_piece(std::uint32_t& seed) {
  seed = seed * 1664525 + 1013904223;
  return 1 + (seed >> 24) % 37;
}

Outcome parse(std::span<const char> bytes, std::uint32_t seed, bool whole) {
  RequestParser parser(RequestLimits{.body_bytes_max = 4096});
  Outcome outcome;
  while (!bytes.empty() && outcome.status == ParseStatus::need_more) {
    const std::size_t size = whole ? bytes.size() : std::min(next_piece(seed), bytes.size());
    outcome.status = parser.feed(bytes.first(size));
    outcome.consumed += parser.consumed();
    if (parser.consumed() + parser.rest().size() != size) std::abort();
    if (outcome.status == ParseStatus::need_more && !parser.rest().empty()) std::abort();
    bytes = bytes.subspan(size);
  }
  if (outcome.status == ParseStatus::error) {
    // How much was taken before the refusal does depend on the cuts, and matters to nobody.
    outcome.consumed = 0;
    outcome.text = std::to_string(parser.error().status) + std::string(parser.error().reason);
  }
  if (outcome.status == ParseStatus::complete) {
    const Request& request = parser.request();
    if (request.path != "*" && !request.path.starts_with('/')) std::abort();
    if (("/" + request.path + "/").find("/../") != std::string::npos) std::abort();
    if (request.path.find('\0') != std::string::npos || request.count("Host") != 1) std::abort();
    outcome.text = describe(request);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const char> bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(bytes, data[0], true);
  if (whole != parse(bytes, data[0], false)) std::abort();
  return 0;
}
