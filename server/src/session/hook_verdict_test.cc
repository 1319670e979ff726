#include "session/hook_verdict.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

HookVerdict verdict(HookKind kind, std::string_view body) {
  auto parsed = parse_verdict(kind, body);
  EXPECT_TRUE(parsed) << body << ": " << (parsed ? "" : parsed.error());
  return parsed.value_or(HookVerdict{});
}

TEST(HookVerdictTest, AnEmptyObjectAllows) {
  EXPECT_FALSE(verdict(HookKind::publish, "{}").denied);
  EXPECT_FALSE(verdict(HookKind::publish, R"({"allow":true,"note":[1]})").denied);
}

TEST(HookVerdictTest, ARefusalMayNameAnErrorOfTheProtocol) {
  const auto plain = verdict(HookKind::publish, R"({"deny":{}})").denied;
  EXPECT_EQ(plain->code, ErrorCode::permission_denied);
  EXPECT_EQ(plain->message, "the application does not allow it");
  EXPECT_EQ(verdict(HookKind::publish, R"({"deny":{"name":"rate_limited"}})").denied->code,
            ErrorCode::rate_limited);
  EXPECT_EQ(verdict(HookKind::publish, R"({"deny":{"code":1304}})").denied->code,
            ErrorCode::limit_exceeded);
}

TEST(HookVerdictTest, AnyOtherNameGoesAlong) {
  const auto denied =
      verdict(HookKind::publish, R"({"deny":{"name":"rude","message":"be \"kind\""}})").denied;
  EXPECT_EQ(denied->code, ErrorCode::permission_denied);
  EXPECT_EQ(denied->message, "be \"kind\"");
  EXPECT_EQ(denied->details, R"("error":{"name":"rude","message":"be \"kind\""})");
}

TEST(HookVerdictTest, EachHookChangesWhatIsItsOwn) {
  EXPECT_EQ(verdict(HookKind::publish, R"({"payload":{"a":1}})").payload_json, R"({"a":1})");
  EXPECT_EQ(verdict(HookKind::subscribe, R"({"payload":{"a":1}})").payload_json, "");
  EXPECT_EQ(verdict(HookKind::subscribe, R"({"permissions":["subscribe","history"]})").permissions,
            (PermissionSet{Permission::subscribe, Permission::history}));
  EXPECT_EQ(verdict(HookKind::subscribe, R"({"permissions":[]})").permissions, PermissionSet{});
  EXPECT_EQ(verdict(HookKind::subscribe, "{}").permissions, PermissionSet::all());
  const auto admitted =
      verdict(HookKind::connect,
              R"({"info":{"name":"Ann"},"channels":[{"match":"trip:*","allow":["subscribe"]}]})");
  EXPECT_EQ(admitted.info_json, R"({"name":"Ann"})");
  ASSERT_EQ(admitted.rules.size(), 1U);
  EXPECT_TRUE(admitted.rules[0].matches("trip:7"));
}

TEST(HookVerdictTest, RefusesToGuess) {
  const auto bad = [](HookKind kind, std::string_view body) {
    return !parse_verdict(kind, body).has_value();
  };
  for (const char* body : {"", "null", "[]", "{", R"({"deny":true})", R"({"deny":{"code":1}})",
                           R"({"deny":{"code":99999999}})", R"({"deny":{"code":"1201"}})",
                           R"({"deny":{"message":5}})", R"({"payload":[]})", "{\"a\":\"\xff\"}"})
    EXPECT_TRUE(bad(HookKind::publish, body)) << body;
  for (const char* body :
       {R"({"permissions":"subscribe"})", R"({"permissions":["fly"]})", R"({"permissions":[5]})"})
    EXPECT_TRUE(bad(HookKind::subscribe, body)) << body;
  for (const char* body :
       {R"({"info":"Ann"})", R"({"channels":{}})",
        R"({"channels":[{"match":"a:b","allow":["fly"]}]})", R"({"channels":[{"allow":[]}]})"})
    EXPECT_TRUE(bad(HookKind::connect, body)) << body;
}

}  // namespace
}  // namespace tidewire
