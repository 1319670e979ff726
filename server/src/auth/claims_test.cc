#include "auth/claims.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "auth/token_minter.h"

namespace tidewire {
namespace {

constexpr WallMillis kNow = 1'750'000'000'000;

TEST(Claims, AreReadInFull) {
  const auto claims =
      parse_claims(R"({"sub":"ada","sid":"s1","exp":1750003600,"iat":1750000000,"jti":"x",)"
                   R"("info":{"name":"Ada \u2728","n":1.5},"meta":{"plan":"pro"},)"
                   R"("channels":[{"match":"chat:lobby","allow":["subscribe","publish"]},)"
                   R"({"match":"doc:*","allow":["state"]},{"match":"*","allow":[]}]})",
                   {}, kNow);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->user_id, "ada");
  EXPECT_EQ(claims->session_id, "s1");
  EXPECT_EQ(claims->expires_at_ms, 1'750'003'600'000);
  EXPECT_EQ(claims->issued_at_ms, 1'750'000'000'000);
  EXPECT_EQ(claims->info_json, "{\"n\":1.5,\"name\":\"Ada ✨\"}");
  EXPECT_EQ(claims->meta_json, R"({"plan":"pro"})");
  ASSERT_EQ(claims->rules.size(), 3);
  EXPECT_TRUE(claims->rules[0].matches("chat:lobby"));
  EXPECT_FALSE(claims->rules[0].matches("chat:lobby2"));
  EXPECT_EQ(claims->rules[0].allow, (PermissionSet{Permission::subscribe, Permission::publish}));
  EXPECT_TRUE(claims->rules[1].matches("doc:7"));
  EXPECT_FALSE(claims->rules[1].matches("docs:7"));
  EXPECT_TRUE(claims->rules[2].matches("any:thing"));
}

TEST(Claims, HaveEmptyObjectsAndNoRulesByDefault) {
  const auto claims = parse_claims(R"({"sub":"a","exp":1750000001})", {}, kNow);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->info_json, "{}");
  EXPECT_EQ(claims->meta_json, "{}");
  EXPECT_TRUE(claims->session_id.empty());
  EXPECT_TRUE(claims->rules.empty());
}

TEST(Claims, MayNameTimesWithAFractionOrAnExponent) {
  for (const char* exp : {"1750003600", "1750003600.75", "1.7500036e9", "17500036E2"}) {
    const auto claims = parse_claims(
        std::string(R"({"sub":"a","iat":1750000000.5,"nbf":1.75e9,"exp":)") + exp + "}", {}, kNow);
    ASSERT_TRUE(claims) << exp << " " << claims.error().message;
    EXPECT_EQ(claims->expires_at_ms, 1'750'003'600'000) << exp;
    EXPECT_EQ(claims->issued_at_ms, 1'750'000'000'000);
  }
}

TEST(Claims, ExpireAtExpPlusTheLeewayToTheMillisecond) {
  const std::string payload = R"({"sub":"a","exp":1750000000})";
  EXPECT_TRUE(parse_claims(payload, {}, kNow + 29'999));
  const auto expired = parse_claims(payload, {}, kNow + 30'000);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, ErrorCode::token_expired);
  EXPECT_TRUE(parse_claims(payload, {.leeway_ms = 0}, kNow - 1));
  EXPECT_FALSE(parse_claims(payload, {.leeway_ms = 0}, kNow));
}

TEST(Claims, AMatchMayFillTheWholeLengthOfAChannel) {
  const auto accepted = [](const std::string& match) {
    return parse_claims(R"({"sub":"a","exp":1750000001,"channels":[{"match":")" + match +
                            R"(","allow":["subscribe"]}]})",
                        {}, kNow)
        .has_value();
  };
  EXPECT_TRUE(accepted("chat:" + std::string(250, 'a')));
  EXPECT_FALSE(accepted("chat:" + std::string(251, 'a')));
  EXPECT_TRUE(accepted("chat:" + std::string(249, 'a') + "*"));
  EXPECT_FALSE(accepted("chat:" + std::string(250, 'a') + "*"));
  EXPECT_TRUE(accepted("chat*"));
  EXPECT_TRUE(accepted("chat:a:b*"));
}

TEST(Claims, APrefixEndingInsideANamespaceNameMatchesWhatBeginsWithIt) {
  const ChannelRule rule{.match = "chat", .prefix = true};
  EXPECT_TRUE(rule.matches("chat:a"));
  EXPECT_TRUE(rule.matches("chatroom:a"));
  EXPECT_FALSE(rule.matches("xchat:a"));
}

TEST(TokenMinter, MintsWhatParseClaimsReads) {
  const auto minter = TokenMinter::build({.material = std::string(32, 'k')});
  ASSERT_TRUE(minter) << minter.error();
  const auto token = minter->mint({.user_id = "ada",
                                   .expires_at_s = kNow / 1000 + 60,
                                   .session_id = "s",
                                   .info_json = R"({"a":1})",
                                   .rules = {{"chat:", true, PermissionSet::all()}}});
  ASSERT_TRUE(token) << token.error();
  EXPECT_EQ(std::ranges::count(*token, '.'), 2);
}

TEST(TokenMinter, NamesWhatIsNotAnObject) {
  const auto minter = TokenMinter::build({.material = std::string(32, 'k')});
  EXPECT_EQ(minter->mint({.user_id = "a", .info_json = "[1]"}).error(),
            "info is not a JSON object");
  EXPECT_EQ(minter->mint({.user_id = "a", .meta_json = "{"}).error(), "meta is not a JSON object");
}

TEST(TokenMinter, RefusesWeakAndUnknownKeys) {
  EXPECT_EQ(TokenMinter::build({.material = "short"}).error(),
            "the signing key needs a secret of at least 32 bytes, has 5");
  EXPECT_EQ(TokenMinter::build({.alg = "none"}).error(), "the signing key has an unknown alg");
}

}  // namespace
}  // namespace tidewire
