#include "cli/config_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidewire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

SplitArguments split(std::vector<std::string> arguments) {
  auto result = split_arguments(arguments);
  EXPECT_TRUE(result.has_value());
  return result.value_or(SplitArguments{});
}

TEST(ConfigFlags, AFlagWithADotIsAConfigurationKey) {
  const auto result =
      split({"serve", "--listen.public=a:1", "--config", "x.toml", "--no.such", "7"});
  EXPECT_THAT(result.config, ElementsAre(Pair("listen.public", "a:1"), Pair("no.such", "7")));
  EXPECT_THAT(result.rest, ElementsAre("serve", "--config", "x.toml"));
}

TEST(ConfigFlags, AKnownKeyNeedsNoDot) {
  EXPECT_THAT(split({"serve", "--shards", "2"}).config, ElementsAre(Pair("shards", "2")));
  EXPECT_THAT(split({"serve", "--shard", "2"}).config, IsEmpty());
}

TEST(ConfigFlags, ABooleanNeedsNoValue) {
  EXPECT_THAT(split({"serve", "--debug.echo"}).config, ElementsAre(Pair("debug.echo", "true")));
  EXPECT_THAT(split({"--debug.echo", "false", "x"}).config,
              ElementsAre(Pair("debug.echo", "false")));
  EXPECT_THAT(split({"--namespace.chat.presence", "serve"}).rest, ElementsAre("serve"));
}

TEST(ConfigFlags, AValueMayBeEmptyOrHoldEqualsSigns) {
  EXPECT_THAT(split({"--auth.issuer=", "--api.key=a=b"}).config,
              ElementsAre(Pair("auth.issuer", ""), Pair("api.key", "a=b")));
}

TEST(ConfigFlags, ValuesOfOtherFlagsWithDotsAreLeftAlone) {
  EXPECT_THAT(split({"serve", "--config", "a.b.toml", "--config=c.d.toml"}).rest,
              ElementsAre("serve", "--config", "a.b.toml", "--config=c.d.toml"));
}

TEST(ConfigFlags, AMissingValueIsAUsageError) {
  const std::vector<std::string> at_the_end = {"serve", "--listen.public"};
  EXPECT_EQ(split_arguments(at_the_end).error(),
            "--listen.public needs a value: --listen.public=VALUE");
  const std::vector<std::string> before_a_flag = {"--listen.public", "--shards=1"};
  EXPECT_FALSE(split_arguments(before_a_flag).has_value());
}

TEST(ConfigFlags, NothingAfterTwoDashesIsAFlag) {
  EXPECT_THAT(split({"checktoken", "--", "--a.b"}).rest, ElementsAre("checktoken", "--", "--a.b"));
}

}  // namespace
}  // namespace tidewire
