#include "protocol/schema_registry.h"

#include <string>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr std::string_view kPriceSchema = R"({
  "type": "object",
  "required": ["sku", "cents"],
  "properties": {
    "sku": {"type": "string", "pattern": "^[a-z]+$"},
    "cents": {"type": "integer", "minimum": 0},
    "tags": {"type": "array", "items": {"type": "string"}},
    "a/b": {"type": "boolean"}
  }
})";

class SchemaRegistryTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(registry.add("shop", "price_changed", kPriceSchema)); }

  std::string path_of(std::string_view payload) {
    const auto result = registry.validate("shop", "price_changed", payload);
    if (result) return "ok";
    EXPECT_EQ(result.error().code, ErrorCode::invalid_message);
    EXPECT_FALSE(result.error().message.empty());
    return result.error().path;
  }

  SchemaRegistry registry;
};

TEST_F(SchemaRegistryTest, WhatMatchesPasses) {
  EXPECT_EQ(path_of(R"({"sku":"x","cents":5,"tags":["a"],"more":{}})"), "ok");
}

TEST_F(SchemaRegistryTest, ThePathPointsAtTheFault) {
  EXPECT_EQ(path_of(R"({"sku":"x","cents":"5"})"), "/payload/cents");
  EXPECT_EQ(path_of(R"({"sku":"x","cents":-1})"), "/payload/cents");
  EXPECT_EQ(path_of(R"({"sku":"X","cents":1})"), "/payload/sku");
  EXPECT_EQ(path_of(R"({"sku":"x","cents":1,"tags":["a",5]})"), "/payload/tags/1");
  EXPECT_EQ(path_of(R"({"sku":"x","cents":1,"a/b":5})"), "/payload/a~1b");
  EXPECT_EQ(path_of(R"({"sku":"x"})"), "/payload/cents");
}

TEST_F(SchemaRegistryTest, ATypeWithoutASchemaAcceptsAnyObject) {
  EXPECT_TRUE(registry.validate("shop", "other", R"({"sku":5})"));
  EXPECT_TRUE(registry.validate("bazaar", "price_changed", R"({"sku":5})"));
}

TEST_F(SchemaRegistryTest, ALongStringNeverReachesAPattern) {
  const auto sku = [](std::size_t bytes) {
    return R"({"cents":1,"sku":")" + std::string(bytes, 'x') + "\"}";
  };
  EXPECT_EQ(path_of(sku(SchemaRegistry::kPatternBytesMax)), "ok");
  EXPECT_EQ(path_of(sku(SchemaRegistry::kPatternBytesMax + 1)), "/payload");
  EXPECT_EQ(path_of(sku(1'000'000)), "/payload");
}

TEST_F(SchemaRegistryTest, ABadSchemaIsASentenceForTheOperator) {
  for (const char* schema : {"", "[]", "{", R"({"type":5})", R"({"required":"sku"})",
                             R"({"properties":{"a":{"pattern":"("}}})"}) {
    const auto added = registry.add("shop", "broken", schema);
    ASSERT_FALSE(added) << schema;
    EXPECT_FALSE(added.error().empty());
  }
}

TEST_F(SchemaRegistryTest, TheProtocolsOwnTypesKeepTheirMeaning) {
  EXPECT_FALSE(registry.add("shop", "chat_message", "{}"));
  EXPECT_FALSE(registry.add("shop", "welcome", "{}"));
}

TEST_F(SchemaRegistryTest, ALaterSchemaReplacesAnEarlier) {
  ASSERT_TRUE(registry.add("shop", "price_changed", R"({"type":"object"})"));
  EXPECT_EQ(path_of("{}"), "ok");
}

}  // namespace
}  // namespace tidewire
