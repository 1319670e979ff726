#include "protocol/json_text.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json_string.h"

namespace tidewire {
namespace {

bool is_json(std::string_view text, std::size_t depth = 32) {
  return !find_json_fault(text, depth);
}

std::string decoded(const std::string& token) {
  std::string scratch;
  return std::string(decode_json_string(token, scratch));
}

TEST(JsonText, AcceptsWhatRfc8259Accepts) {
  for (const char* text : {"null",
                           "true",
                           " false ",
                           "0",
                           "-0",
                           "1",
                           "-12.50",
                           "1e9",
                           "1E+9",
                           "0.1e-2",
                           "\"\"",
                           "\"\\u0000\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                           "\"\\ud83d\\ude00\"",
                           "[]",
                           "[ ]",
                           "{}",
                           "{ }",
                           "[1,2]",
                           "[[],{}]",
                           "{\"\":{\"a\":[null]},\"b\":0}",
                           "\t\r\n {} \t\r\n"})
    EXPECT_TRUE(is_json(text)) << text;
}

TEST(JsonText, RefusesEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "nulll",
                           "TRUE",
                           "01",
                           "-",
                           "-01",
                           "1.",
                           ".1",
                           "1e",
                           "1e+",
                           "+1",
                           "0x1",
                           "\"",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\t\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800x\"",
                           "\"\\ud800\\n\"",
                           "\"\\ud800\\u0041\"",
                           "[",
                           "]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{",
                           "}",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "{\"a\":1,",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{1:1}",
                           "{\"a\" 1}",
                           "[1}",
                           "{\"a\":1]",
                           "1 1",
                           "{}x",
                           "'a'",
                           "[1]]"})
    EXPECT_FALSE(is_json(text)) << text;
}

TEST(JsonText, ACutTextIsNeverJson) {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",true,null],"b":{"c":""}})";
  ASSERT_TRUE(is_json(text));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(is_json(text.substr(0, size))) << size;
}

TEST(JsonText, FindsASpecialByteAtEveryPlaceOfAWord) {
  for (std::size_t place = 0; place < 40; ++place) {
    std::string text = "\"" + std::string(40, 'x') + "\"";
    text[1 + place] = '\x1f';
    const auto fault = find_json_fault(text, 32);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->offset, 1 + place);
    text[1 + place] = '\x7f';
    EXPECT_TRUE(is_json(text));
    text[1 + place] = '\xff';
    EXPECT_TRUE(is_json(text)) << "bytes above 127 are UTF-8, which is not checked here";
  }
}

TEST(JsonText, NestingHasALimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(is_json(nested(32), 32));
  EXPECT_FALSE(is_json(nested(33), 32));
  EXPECT_TRUE(is_json(nested(kJsonDepthCeiling), 1000));
  EXPECT_FALSE(is_json(nested(kJsonDepthCeiling + 1), 1000));
  EXPECT_FALSE(is_json(std::string(1'000'000, '['), 1000));
}

TEST(JsonText, ObjectsAndArraysCloseInOrder) {
  EXPECT_TRUE(is_json(R"([{"a":[{"b":[]}]},[{}]])"));
  EXPECT_FALSE(is_json(R"([{"a":[{"b":[}]]}])"));
}

TEST(JsonText, NamesThePlaceOfTheFault) {
  const auto fault = find_json_fault(R"({"a":tru})", 32);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->offset, 5u);
}

TEST(JsonText, DecodesEscapes) {
  EXPECT_EQ(decoded(R"("plain")"), "plain");
  EXPECT_EQ(decoded(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(decoded(R"("a\u00e9\u20ac\ud83d\ude00z")"), "aé€😀z");
  EXPECT_EQ(decoded(R"("\u0041")"), "A");
}

TEST(JsonText, AStringWithoutEscapesIsNotCopied) {
  std::string scratch;
  const std::string token = R"("here")";
  EXPECT_EQ(decode_json_string(token, scratch).data(), token.data() + 1);
}

TEST(JsonText, WritesWhatOthersReadBack) {
  std::string every_byte;
  for (int byte = 0; byte < 0x80; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& text : {every_byte, std::string("é€😀"), std::string()}) {
    std::string out;
    append_json_string(out, text);
    EXPECT_TRUE(is_json(out));
    EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), text);
    EXPECT_EQ(decoded(out), text);
  }
}

}  // namespace
}  // namespace tidewire
