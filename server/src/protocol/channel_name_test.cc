#include "protocol/channel_name.h"

#include <string>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(ChannelName, TheNamespaceEndsAtTheFirstColon) {
  const auto name = ChannelName::parse("chat:room:7");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->str(), "chat:room:7");
  EXPECT_EQ(name->name_space(), "chat");
  EXPECT_EQ(name->rest(), "room:7");
}

TEST(ChannelName, EveryAllowedByteIsAllowed) {
  EXPECT_TRUE(ChannelName::parse("AZaz09_.-@:AZaz09_.:@-"));
}

TEST(ChannelName, EveryOtherByteIsRefused) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a:b") + static_cast<char>(byte);
    const bool expected = allowed.find(static_cast<char>(byte)) != std::string::npos;
    EXPECT_EQ(ChannelName::parse(text).has_value(), expected) << byte;
  }
}

TEST(ChannelName, HasAtMost255Bytes) {
  EXPECT_TRUE(ChannelName::parse("a:" + std::string(253, 'x')));
  EXPECT_FALSE(ChannelName::parse("a:" + std::string(254, 'x')));
}

TEST(ChannelName, NeitherPartIsEmpty) {
  for (const char* text : {"", ":", "a:", ":a", "a"}) {
    const auto name = ChannelName::parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::invalid_channel);
    EXPECT_EQ(name.error().path, "/channel");
    EXPECT_FALSE(name.error().message.empty());
  }
}

}  // namespace
}  // namespace tidewire
