#include "base/json_string.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "x";
  append_json_string(out, text);
  return out.substr(1);
}

TEST(JsonString, EscapesWhatJsonForbidsAndNothingElse) {
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("plain"), R"("plain")");
  EXPECT_EQ(quoted("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(quoted("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(quoted("\x7f\u00e9\U0001F600"), "\"\x7f\u00e9\U0001F600\"");
}

/// Sixteen bytes are looked at in one step: the first to escape may be any of them, or behind them.
TEST(JsonString, FindsASpecialByteAtEveryPlace) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char special : {'"', '\\', '\x1f', '\0'}) {
        std::string text(size, 'a');
        text[at] = special;
        const char* const begin = text.data();
        EXPECT_EQ(find_json_special(begin, begin + size), begin + at) << size;
      }
    }
  }
  const std::string plain = "\x20\x7f\x80\xff\xa2\xdc none of these";
  EXPECT_EQ(find_json_special(plain.data(), plain.data() + plain.size()),
            plain.data() + plain.size());
}

}  // namespace
}  // namespace tidewire
