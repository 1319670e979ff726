#include "observability/log.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "observability/log_throttle.h"

namespace tidewire {
namespace {

constexpr std::int64_t kTime = 1'750'000'000'123;

std::string json(std::string_view message, LogFields fields = {}) {
  return format_log_line(LogFormat::json, LogLevel::info, kTime, message, fields);
}
std::string text(std::string_view message, LogFields fields = {}) {
  return format_log_line(LogFormat::text, LogLevel::warn, kTime, message, fields);
}

TEST(Log, AJsonLineKeepsNumbersAndBooleans) {
  EXPECT_EQ(json("listening", {{"address", "0.0.0.0:8000"}, {"shards", 2}, {"tls", false}}),
            R"({"ts":"2025-06-15T15:06:40.123Z","level":"info","msg":"listening",)"
            R"("address":"0.0.0.0:8000","shards":2,"tls":false})");
  EXPECT_EQ(json("x", {{"ratio", 0.5}}).substr(48), R"("msg":"x","ratio":0.5})");
}

TEST(Log, ATextLineQuotesWhatIsNotAPlainWord) {
  EXPECT_EQ(
      text("closed", {{"reason", "slow consumer"}, {"code", 4008}, {"user", ""}}),
      R"(ts=2025-06-15T15:06:40.123Z level=warn  msg="closed" reason="slow consumer" code=4008 user="")");
}

TEST(Log, AClientCannotForgeALineOrDriveATerminal) {
  EXPECT_EQ(text("x", {{"user", "a\n\x1b[31mts=1 level=error"}}).substr(44),
            R"("x" user="a\n\u001b[31mts=1 level=error")");
  EXPECT_EQ(json("x", {{"user", "\"\\\r\t\x7f"}}).substr(48),
            R"("msg":"x","user":"\"\\\r\t\u007f"})");
  EXPECT_EQ(json("x", {{"user", "\xC2\x9B"}}).substr(48), R"("msg":"x","user":"\u009b"})");
}

TEST(Log, InvalidUtf8IsEscapedAndValidIsKept) {
  EXPECT_EQ(json("x", {{"v", "Zürich €𝄞"}}).substr(48), R"("msg":"x","v":"Zürich €𝄞"})");
  EXPECT_EQ(json("x", {{"v", "\xC0\x80"}}).substr(48), R"("msg":"x","v":"\u00c0\u0080"})");
  EXPECT_EQ(json("x", {{"v", "\xED\xA0\x80"}}).substr(48),
            R"("msg":"x","v":"\u00ed\u00a0\u0080"})");
  EXPECT_EQ(json("x", {{"v", "\xE2\x82"}}).substr(48), R"("msg":"x","v":"\u00e2\u0082"})");
}

TEST(Log, ALongValueIsCut) {
  const std::string line = json("x", {{"v", std::string(5000, 'a')}});
  EXPECT_LT(line.size(), 1200U);
  EXPECT_TRUE(line.ends_with("aaa...\"}"));
}

TEST(Log, LevelsBelowTheConfiguredOneAreOff) {
  start_logging("warn", "json");
  EXPECT_FALSE(log_enabled(LogLevel::info));
  EXPECT_TRUE(log_enabled(LogLevel::warn));
  start_logging("debug", "json");
  EXPECT_TRUE(log_enabled(LogLevel::debug));
  start_logging("info", "auto");
}

TEST(LogThrottle, PassesOneAnIntervalAndCountsTheRest) {
  FakeClock clock;
  LogThrottle throttle(1000);
  EXPECT_EQ(throttle.pass(clock.mono_ms()), 0U);
  EXPECT_EQ(throttle.pass(clock.mono_ms()), std::nullopt);
  clock.advance_ms(999);
  EXPECT_EQ(throttle.pass(clock.mono_ms()), std::nullopt);
  clock.advance_ms(1);
  EXPECT_EQ(throttle.pass(clock.mono_ms()), 2U);
  clock.advance_ms(1000);
  EXPECT_EQ(throttle.pass(clock.mono_ms()), 0U);
}

}  // namespace
}  // namespace tidewire
