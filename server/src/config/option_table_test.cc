#include "config/option_table.h"

#include <set>

#include <gtest/gtest.h>

#include "config/nearest.h"
#include "config/option_text.h"
#include "config/units.h"

namespace tidewire {
namespace {

TEST(OptionTable, PathsAndEnvironmentNamesAreUnique) {
  std::set<std::string> paths;
  std::set<std::string> names;
  for (const Option& option : option_table()) {
    EXPECT_TRUE(paths.insert(std::string(option.path)).second) << option.path;
    EXPECT_TRUE(names.insert(environment_name(option.path)).second) << option.path;
    EXPECT_TRUE(option.target != nullptr && option.namespace_target == nullptr) << option.path;
  }
  for (const Option& option : namespace_option_table())
    EXPECT_TRUE(option.namespace_target != nullptr && option.target == nullptr) << option.path;
}

TEST(OptionTable, EveryDefaultIsInItsRangeAndEveryHelpIsASentence) {
  const auto check = [](const Option& option, const OptionTarget& target) {
    std::uint64_t value = option.min;
    if (const auto* number = std::get_if<std::uint64_t*>(&target)) value = **number;
    if (const auto* time = std::get_if<Milliseconds*>(&target))
      value = static_cast<std::uint64_t>((*time)->count());
    EXPECT_GE(value, option.min) << option.path;
    EXPECT_LE(value, option.max) << option.path;
    EXPECT_TRUE(option.help.ends_with('.')) << option.path;
    EXPECT_FALSE(describe_values(option).empty()) << option.path;
  };
  Config config;
  NamespaceConfig name_space;
  for (const Option& option : option_table()) check(option, option.target(config));
  for (const Option& option : namespace_option_table())
    check(option, option.namespace_target(name_space));
}

TEST(OptionTable, EnvironmentNamesAreThePathInCapitals) {
  EXPECT_EQ(environment_name("listen.public"), "TIDEWIRE_LISTEN_PUBLIC");
  EXPECT_EQ(environment_name("namespace.trip-planner.history_size"),
            "TIDEWIRE_NAMESPACE_TRIP_PLANNER_HISTORY_SIZE");
}

TEST(OptionTable, TheKeysOfTheContractExist) {
  for (const char* path :
       {"listen.public", "listen.internal", "auth.hmac_secret", "auth.timeout",
        "auth.allow_query_token", "api.key", "origins.allowed", "limits.message_bytes",
        "limits.connections", "shards", "debug.echo", "history.url", "broker.url"})
    EXPECT_NE(find_option(path), nullptr) << path;
  for (const char* name :
       {"class", "history_size", "history_ttl", "presence", "publish", "subscribe"})
    EXPECT_NE(find_namespace_option(name), nullptr) << name;
}

TEST(Units, FormatTheShortestTextThatReadsBack) {
  for (const std::uint64_t value :
       {0ULL, 1ULL, 999ULL, 1000ULL, 1500ULL, 60'000ULL, 90'000ULL, 3'600'000ULL, 86'400'000ULL}) {
    const Milliseconds time{static_cast<std::int64_t>(value)};
    EXPECT_EQ(parse_duration(format_duration(time)), time);
    EXPECT_EQ(parse_bytes(format_bytes(value)), value);
  }
  EXPECT_EQ(format_duration(Milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(Milliseconds(1500)), "1500ms");
  EXPECT_EQ(format_bytes(64 * 1024), "64KiB");
  EXPECT_EQ(format_bytes(1000), "1000");
}

TEST(Nearest, CountsSwapsAsOneStep) {
  const std::vector<std::string> words = {"history", "publish", "subscribe"};
  EXPECT_EQ(nearest("histroy", words), "history");
  EXPECT_EQ(nearest("", words), "history");
  EXPECT_EQ(nearest(std::string(1000, 's'), words), "subscribe");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace tidewire
