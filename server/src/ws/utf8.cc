#include "ws/utf8.h"

#include <algorithm>
#include <cstddef>

#include <simdjson.h>

namespace tidewire::ws {
namespace {

bool is_continuation(std::uint8_t byte) { return (byte & 0xC0U) == 0x80U; }

/// How many bytes a code point beginning with `lead` has; 1 for anything that begins none.
std::size_t sequence_size(std::uint8_t lead) {
  if (lead >= 0xC0 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF7) return 4;
  return 1;
}

/// How many bytes at the end of `piece` begin a code point that continues after it.
std::size_t unfinished_tail(std::string_view piece) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, piece.size()); ++back) {
    const auto byte = static_cast<std::uint8_t>(piece[piece.size() - back]);
    if (!is_continuation(byte)) return sequence_size(byte) > back ? back : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && is_continuation(static_cast<std::uint8_t>(text[end]))) --end;
  return text.substr(0, end);
}

bool Utf8Validator::feed(std::string_view piece) {
  while (pending_ > 0 && !piece.empty()) {
    if (!step(static_cast<std::uint8_t>(piece.front()))) return false;
    piece.remove_prefix(1);
  }
  const std::size_t tail = unfinished_tail(piece);
  if (!is_utf8(piece.substr(0, piece.size() - tail))) return false;
  piece.remove_prefix(piece.size() - tail);
  return std::all_of(piece.begin(), piece.end(),
                     [this](char c) { return step(static_cast<std::uint8_t>(c)); });
}

// Table 3-7 of the Unicode standard: only the byte after the lead has narrower bounds.
bool Utf8Validator::step(std::uint8_t byte) {
  if (pending_ > 0) {
    if (byte < lowest_ || byte > highest_) return false;
    --pending_;
  } else if (byte <= 0x7F) {
    return true;
  } else {
    if (byte < 0xC2 || byte > 0xF4) return false;
    pending_ = static_cast<std::uint8_t>(sequence_size(byte) - 1);
    lowest_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
    highest_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
    return true;
  }
  lowest_ = 0x80;
  highest_ = 0xBF;
  return true;
}

}  // namespace tidewire::ws
