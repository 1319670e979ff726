#include "load/stamp.h"

#include <algorithm>
#include <charconv>

namespace tidewire::bench {
namespace {

constexpr std::size_t kRoomAt = 4;
constexpr std::size_t kSequenceAt = 11;
constexpr std::size_t kDueAt = 22;

void put_hex(char* out, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value >>= 4) out[i] = "0123456789abcdef"[value & 15];
}

std::uint64_t get_hex(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace

std::array<char, Stamp::kSize> Stamp::text() const {
  std::array<char, kSize> out;
  out.fill(':');
  std::copy(kMark.begin(), kMark.end(), out.begin());
  put_hex(&out[kRoomAt], 6, room);
  put_hex(&out[kSequenceAt], 10, sequence);
  put_hex(&out[kDueAt], 14, static_cast<std::uint64_t>(due_us));
  return out;
}

std::string filler(std::size_t size) {
  static constexpr std::array<std::string_view, 16> kWords{
      "harbour ", "of ",    "morning ", "the ",  "ticket ",   "and ",     "late ",    "river ",
      "in ",      "train ", "to ",      "four ", "stations ", "between ", "quietly ", "Lisbon "};
  std::string text;
  // Knuth's MMIX generator: the same text in every run.
  for (std::uint64_t state = 1; text.size() < size;) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    text += kWords[state >> 60];
  }
  text.resize(size);
  return text;
}

std::optional<Stamp> next_stamp(std::string_view& text) {
  const std::size_t at = text.find(Stamp::kMark);
  if (at == std::string_view::npos || text.size() - at < Stamp::kSize) return std::nullopt;
  const std::string_view stamp = text.substr(at, Stamp::kSize);
  text.remove_prefix(at + Stamp::kSize);
  return Stamp{.room = static_cast<std::uint32_t>(get_hex(stamp.substr(kRoomAt, 6))),
               .sequence = get_hex(stamp.substr(kSequenceAt, 10)),
               .due_us = static_cast<std::int64_t>(get_hex(stamp.substr(kDueAt, 14)))};
}

}  // namespace tidewire::bench
