#include "ws/utf8.h"

#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace tidewire::ws {
namespace {

/// Encodes without judging, so that surrogates and too large values come out as well.
std::string encode(std::uint32_t point) {
  const auto tail = [point](unsigned shift) {
    return static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xC0U | (point >> 6U)), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xE0U | (point >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | (point >> 18U)), tail(12), tail(6), tail(0)};
}

bool in_pieces(std::string_view text, std::size_t split) {
  Utf8Validator validator;
  return validator.feed(text.substr(0, split)) && validator.feed(text.substr(split)) &&
         validator.complete();
}

/// The textbook decoder: slow, and obviously right.
bool reference(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t size = lead < 0x80                     ? 1
                             : (lead >= 0xC0 && lead < 0xE0) ? 2
                             : (lead >= 0xE0 && lead < 0xF0) ? 3
                             : (lead >= 0xF0 && lead < 0xF8) ? 4
                                                             : 0;
    if (size == 0 || i + size > text.size()) return false;
    std::uint32_t point = size == 1 ? lead : lead & (0xFFU >> (size + 1));
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xC0U) != 0x80U) return false;
      point = (point << 6U) | (next & 0x3FU);
    }
    const std::uint32_t least = size == 1 ? 0 : size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
    if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += size;
  }
  return true;
}

TEST(Utf8, EveryCodePointIsValidExceptSurrogatesAndWhatLiesAboveTheLast) {
  for (std::uint32_t point = 0; point <= 0x1FFFFF; ++point) {
    const bool valid = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    const std::string text = encode(point);
    ASSERT_EQ(is_utf8(text), valid) << point;
    for (std::size_t split = 0; split <= text.size(); ++split)
      ASSERT_EQ(in_pieces(text, split), valid) << point << " split at " << split;
  }
}

TEST(Utf8, EverySequenceOfThreeBytesIsJudgedAsByTheDefinition) {
  for (std::uint32_t value = 0x800000; value <= 0xFFFFFF; value += 1) {
    if ((value & 0xFFU) % 0x10 > 1) continue;  // the borders of each row of the last byte
    const std::string text{static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
                           static_cast<char>(value)};
    ASSERT_EQ(in_pieces(text, 1), reference(text)) << std::hex << value;
  }
}

TEST(Utf8, RandomBytesAreJudgedAsByTheDefinitionAtEverySplit) {
  std::mt19937 random(1);
  const std::string alphabet = "a\x80\xBF\xC2\xDF\xE0\xA0\xED\x9F\xEF\xF0\x90\xF4\x8F\xC0\xF5";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i) text += alphabet[random() % alphabet.size()];
    const bool valid = reference(text);
    ASSERT_EQ(is_utf8(text), valid);
    for (std::size_t split = 0; split <= text.size(); ++split)
      ASSERT_EQ(in_pieces(text, split), valid);
  }
}

TEST(Utf8, TheFirstBadByteIsEnough) {
  for (const std::string text : {"\xC0", "\xC1", "\xF5", "\xFF", "\x80", "\xE0\x80", "\xE0\x9F",
                                 "\xED\xA0", "\xF0\x8F", "\xF4\x90", "\xC2\x41", "ok\xF4\x90"}) {
    Utf8Validator validator;
    EXPECT_FALSE(validator.feed(text)) << text;
    Utf8Validator bytewise;
    bool good = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
      EXPECT_TRUE(good) << "refused before the last byte of " << text;
      good = bytewise.feed(std::string_view(text).substr(i, 1));
    }
    EXPECT_FALSE(good);
  }
}

TEST(Utf8, AnUnfinishedCodePointIsNotWrongYet) {
  for (const std::string text : {"\xC2", "\xE2\x82", "\xF0\x9F\x98"}) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(text));
    EXPECT_FALSE(validator.complete());
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Utf8, APrefixNeverCutsACodePoint) {
  const std::string text = "a\xC3\xA4\xF0\x9F\x98\x80";
  EXPECT_EQ(utf8_prefix(text, 7), text);
  for (const std::size_t bytes : {3, 4, 5, 6}) EXPECT_EQ(utf8_prefix(text, bytes), "a\xC3\xA4");
  EXPECT_EQ(utf8_prefix(text, 2), "a");
  EXPECT_EQ(utf8_prefix(text, 0), "");
}

}  // namespace
}  // namespace tidewire::ws
