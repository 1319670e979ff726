#include "base/json_string.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace tidewire {
namespace {

/// What the compilers make one register of (GCC and Clang, "Vector Extensions").
constexpr std::size_t kStep = 16;
typedef unsigned char Bytes __attribute__((vector_size(kStep)));

constexpr bool is_special(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

}  // namespace

const char* find_json_special(const char* cursor, const char* end) {
  static_assert(std::endian::native == std::endian::little);
  for (; end - cursor >= static_cast<std::ptrdiff_t>(kStep); cursor += kStep) {
    Bytes bytes;
    std::memcpy(&bytes, cursor, kStep);
    const auto found = (bytes == '"') | (bytes == '\\') | (bytes < 0x20);  // 0xff where it is one
    const auto [low, high] = std::bit_cast<std::array<std::uint64_t, 2>>(found);
    if (low != 0) return cursor + std::countr_zero(low) / 8;
    if (high != 0) return cursor + 8 + std::countr_zero(high) / 8;
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
