#include "http/chunk_scanner.h"

#include <algorithm>

#include "http/characters.h"

namespace tidewire::http {
namespace {

constexpr std::size_t kSizeDigitsMax = 8;
constexpr std::size_t kExtensionBytesMax = 256;

}  // namespace

std::expected<std::size_t, ParseError> ChunkScanner::feed(std::span<const char> bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && place_ != Place::done) {
    if (place_ == Place::data) {
      const std::size_t part = std::min(chunk_bytes_, bytes.size() - taken);
      chunk_bytes_ -= part;
      taken += part;
      if (chunk_bytes_ == 0) place_ = Place::data_cr;
      break;
    }
    const bool ends_line = place_ == Place::size_lf;
    if (Verdict verdict = take(bytes[taken]); !verdict) return std::unexpected(verdict.error());
    ++taken;
    if (ends_line) break;
  }
  return taken;
}

ChunkScanner::Verdict ChunkScanner::take(char c) {
  switch (place_) {
    case Place::size:
      return take_size(c);
    case Place::extension:
      return take_extension(c);
    case Place::size_lf:
      return c == '\n' ? end_size_line() : refuse(400, "a chunk's size line has no LF");
    case Place::data_cr:
      return expect(c, '\r', Place::data_lf);
    case Place::data_lf:
      return expect(c, '\n', Place::size);
    case Place::end_cr:
      if (c != '\r') return refuse(400, "trailer fields are not accepted");
      place_ = Place::end_lf;
      return {};
    case Place::end_lf:
      return expect(c, '\n', Place::done);
    case Place::data:
    case Place::done:
      break;
  }
  return {};
}

ChunkScanner::Verdict ChunkScanner::take_size(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++digits_ > kSizeDigitsMax) return refuse(400, "a chunk's size has too many digits");
    chunk_bytes_ = chunk_bytes_ * 16 + static_cast<std::size_t>(digit);
    return {};
  }
  if (digits_ == 0 || (c != '\r' && c != ';')) return refuse(400, "a chunk's size is malformed");
  place_ = c == ';' ? Place::extension : Place::size_lf;
  return {};
}

ChunkScanner::Verdict ChunkScanner::take_extension(char c) {
  if (c == '\r') {
    place_ = Place::size_lf;
    return {};
  }
  if ((is_control(c) && c != '\t') || ++extension_bytes_ > kExtensionBytesMax)
    return refuse(400, "a chunk extension is malformed or too long");
  return {};
}

ChunkScanner::Verdict ChunkScanner::end_size_line() {
  if (chunk_bytes_ > body_bytes_max_ - body_bytes_) return refuse(413, "the body is too large");
  body_bytes_ += chunk_bytes_;
  place_ = chunk_bytes_ == 0 ? Place::end_cr : Place::data;
  digits_ = 0;
  return {};
}

ChunkScanner::Verdict ChunkScanner::expect(char c, char wanted, Place next) {
  if (c != wanted) return refuse(400, "a chunk does not end where its size says");
  place_ = next;
  return {};
}

}  // namespace tidewire::http
