#include "base/json_string.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace tidewire {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

/// A set bit 7 in every byte of `word` that is zero; exact up to and including the first such byte.
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }

/// Bytes that end a run inside a JSON string: the quote, the backslash, control characters.
constexpr std::uint64_t special_bytes(std::uint64_t word) {
  const std::uint64_t controls = (word - kOnes * 0x20) & ~word & kHighs;
  return controls | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\'));
}

constexpr bool is_special(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

}  // namespace

const char* find_json_special(const char* cursor, const char* end) {
  static_assert(std::endian::native == std::endian::little);
  for (; end - cursor >= 8; cursor += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, cursor, 8);
    if (const auto mask = special_bytes(word); mask != 0)
      return cursor + std::countr_zero(mask) / 8;
  }
  return std::find_if(cursor, end, is_special);
}

void append_json_escape(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const char* cursor = text.data();
  const char* const end = cursor + text.size();
  while (true) {
    const char* const special = find_json_special(cursor, end);
    out.append(cursor, special);
    if (special == end) break;
    append_json_escape(out, *special);
    cursor = special + 1;
  }
  out += '"';
}

}  // namespace tidewire
