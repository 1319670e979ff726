#include "protocol/json_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(JsonReader, WalksTheMembersOfAnObject) {
  auto reader = JsonReader::object(R"( {"a" : 1, "b\n":"x" ,"c":{"d":[]}} )");
  std::vector<std::string> seen;
  while (reader.next())
    seen.push_back(std::string(reader.key()) + "=" + std::string(reader.value().raw));
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(seen, (std::vector<std::string>{"a=1", "b\n=\"x\"", R"(c={"d":[]})"}));
}

TEST(JsonReader, WalksTheItemsOfAnArray) {
  auto reader = JsonReader::array("[1,[2],null]");
  std::vector<std::size_t> places;
  while (reader.next()) places.push_back(reader.index());
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(places, (std::vector<std::size_t>{0, 1, 2}));
}

TEST(JsonReader, EmptyContainersHaveNoMembers) {
  auto object = JsonReader::object("{ }");
  EXPECT_FALSE(object.next());
  EXPECT_FALSE(object.failed());
  auto array = JsonReader::array("[ ]");
  EXPECT_FALSE(array.next());
  EXPECT_FALSE(array.failed());
}

TEST(JsonReader, AnythingElseFails) {
  for (const char* text : {"", "[]", "1", "{", "{\"a\":1", "{\"a\":1,}", "{,}", "{\"a\"}", "{}x",
                           "{\"a\":1 \"b\":2}", "{\"a\":tru}"}) {
    auto reader = JsonReader::object(text);
    while (reader.next()) continue;
    EXPECT_TRUE(reader.failed()) << text;
    EXPECT_FALSE(reader.next()) << text;
  }
}

TEST(JsonReader, WholeNumbersAreWrittenPlainly) {
  const auto whole = [](std::string_view raw) {
    return JsonValue{json_kind(raw.front()), raw}.whole_number();
  };
  EXPECT_EQ(whole("0"), 0u);
  EXPECT_EQ(whole("9007199254740991"), kWholeNumberMax);
  for (const char* raw : {"9007199254740992", "-1", "1.0", "1e3", "\"1\"", "null"})
    EXPECT_EQ(whole(raw), std::nullopt) << raw;
}

TEST(JsonReader, NumbersOutOfRangeAreNone) {
  EXPECT_EQ((JsonValue{JsonKind::number, "1e999"}.number()), std::nullopt);
  EXPECT_EQ((JsonValue{JsonKind::number, "0.5"}.number()), 0.5);
}

}  // namespace
}  // namespace tidewire
