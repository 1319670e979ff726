#include "protocol/client_kind.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr const char* kChrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36";
constexpr const char* kIphone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

TEST(ClientKind, WhatIsDeclaredCounts) {
  const auto info = detect_client("agent/1.2.3", kChrome);
  EXPECT_EQ(info.kind, ClientKind::agent);
  EXPECT_EQ(info.label(), "agent/1.2.3");
}

TEST(ClientKind, AWordOfTheNameCanBeTheKind) {
  EXPECT_EQ(detect_client("trip-agent/2", "").kind, ClientKind::agent);
  EXPECT_EQ(detect_client("Web", "").kind, ClientKind::web);
  EXPECT_EQ(detect_client("webster", "").kind, ClientKind::unknown);
}

TEST(ClientKind, ANameWithoutAKindLeavesItToTheUserAgent) {
  const auto info = detect_client("planner/3", kChrome);
  EXPECT_EQ(info.kind, ClientKind::web);
  EXPECT_EQ(info.label(), "planner/3");
}

TEST(ClientKind, UserAgents) {
  EXPECT_EQ(detect_client("", kChrome).label(), "chrome/126.0.0.0");
  EXPECT_EQ(detect_client("", kIphone).kind, ClientKind::mobile);
  EXPECT_EQ(detect_client("", kIphone).name, "safari");
  EXPECT_EQ(detect_client("", "curl/8.5.0").kind, ClientKind::cli);
  EXPECT_EQ(detect_client("", "Python/3.11 websockets/10.4").kind, ClientKind::server);
  EXPECT_EQ(detect_client("", "okhttp/4.12.0").kind, ClientKind::mobile);
  EXPECT_EQ(detect_client("", "Acme").kind, ClientKind::unknown);
}

TEST(ClientKind, NothingToldIsUnknown) {
  EXPECT_EQ(detect_client("", "").kind, ClientKind::unknown);
  EXPECT_EQ(detect_client("", "").label(), "unknown");
}

TEST(ClientKind, NamesAreShortAndClean) {
  const auto info = detect_client(std::string(500, 'n') + "/" + std::string(500, '1'), "");
  EXPECT_EQ(info.name.size(), kClientNameMax);
  EXPECT_EQ(info.version.size(), kClientVersionMax);
  EXPECT_EQ(detect_client("a\"b\n<c>\xff/1\x01", "").label(), "abc/1");
}

}  // namespace
}  // namespace tidewire
