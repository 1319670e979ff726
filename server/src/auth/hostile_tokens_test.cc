#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "auth/authenticator.h"

namespace tidewire {
namespace {

using nlohmann::json;

const json& corpus() {
  static const json value = [] {
    std::ifstream file(TIDEWIRE_SOURCE_DIR "/server/src/auth/testdata/hostile_tokens.json");
    return json::parse(file);
  }();
  return value;
}

WallMillis now() { return corpus()["nowS"].get<WallMillis>() * 1000; }

Authenticator authenticator() {
  std::vector<KeyConfig> configs;
  for (const json& key : corpus()["keys"])
    configs.push_back({.alg = key["alg"],
                       .kid = key["kid"],
                       .secret = key.value("secret", ""),
                       .pem = key.value("pem", "")});
  auto keys = KeySet::build(configs);
  EXPECT_TRUE(keys) << keys.error();
  return {std::move(*keys), {.issuer = corpus()["issuer"], .audience = corpus()["audience"]}};
}

std::string text_of(const json& entry) {
  const auto token = entry["token"].get<std::string>();
  return entry.contains("repeat") ? std::string(entry["repeat"].get<std::size_t>(), token[0])
                                  : token;
}

TEST(HostileTokens, HoldsAtLeastTwoHundred) { EXPECT_GE(corpus()["hostile"].size(), 200); }

TEST(HostileTokens, AreEachRefusedWithTheRightCode) {
  const Authenticator auth = authenticator();
  for (const json& entry : corpus()["hostile"]) {
    const auto claims = auth.authenticate(text_of(entry), now());
    ASSERT_FALSE(claims) << entry["name"];
    EXPECT_EQ(to_name(claims.error().code), entry["error"].get<std::string>())
        << entry["name"] << ": " << claims.error().message;
  }
}

TEST(HostileTokens, AreNeverQuotedInTheError) {
  const Authenticator auth = authenticator();
  for (const json& entry : corpus()["hostile"]) {
    const std::string token = text_of(entry);
    const auto claims = auth.authenticate(token, now());
    ASSERT_FALSE(claims);
    EXPECT_LT(claims.error().message.size(), 200) << entry["name"];
    if (token.size() < 12) continue;
    EXPECT_EQ(claims.error().message.find(token.substr(0, 12)), std::string::npos) << entry["name"];
  }
}

TEST(HostileTokens, AreRefusedByAServerWithoutKeys) {
  const Authenticator auth(*KeySet::build({}), {});
  for (const char* group : {"hostile", "valid"})
    for (const json& entry : corpus()[group])
      EXPECT_FALSE(auth.authenticate(text_of(entry), now())) << entry["name"];
}

TEST(HostileTokens, StandBesideValidOnesThatAreAccepted) {
  const Authenticator auth = authenticator();
  for (const json& entry : corpus()["valid"]) {
    const auto claims = auth.authenticate(text_of(entry), now());
    EXPECT_TRUE(claims) << entry["name"] << ": " << claims.error().message;
  }
}

TEST(HostileTokens, EveryChangedCharacterOfAValidTokenIsRefused) {
  const Authenticator auth = authenticator();
  for (const json& entry : corpus()["valid"]) {
    const std::string token = text_of(entry);
    // ECDSA and RSA would take minutes over every character; their MAC-free parts are the same
    // code.
    const std::size_t step = entry["name"].get<std::string>().starts_with("hs") ? 1 : 17;
    for (std::size_t i = 0; i < token.size(); i += step) {
      std::string changed = token;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(auth.authenticate(changed, now())) << entry["name"] << " at " << i;
    }
  }
}

TEST(HostileTokens, EveryTruncationOfAValidTokenIsRefused) {
  const Authenticator auth = authenticator();
  const std::string token = text_of(corpus()["valid"][0]);
  for (std::size_t size = 0; size < token.size(); ++size)
    EXPECT_FALSE(auth.authenticate(std::string_view(token).substr(0, size), now())) << size;
}

TEST(HostileTokens, SayWhatIsWrong) {
  const Authenticator auth = authenticator();
  const std::map<std::string, std::string> expected{
      {"alg missing", "token: header field 'alg' is missing"},
      {"header field jwk", "token: header field 'jwk' is not accepted"},
      {"kid unknown", "token: no key is configured for its alg and kid"},
      {"alg twice", "token: its header has a name twice in one object"},
      {"larger than 8 KiB", "token: it is larger than 8 KiB"},
      {"HS256 without signature", "token: its signature is missing"},
      {"ES256 in DER form", "token: its signature does not verify"},
      {"EdDSA with non-canonical S", "token: its signature does not verify"},
      {"payload nested 17 deep", "token: its payload is nested too deeply"},
      {"exp missing", "token: claim 'exp' is missing"},
      {"exp is a string", "token: claim 'exp' is not a number of seconds"},
      {"exp overflows 64 bits", "token: claim 'exp' is out of range"},
      {"exp is negative", "token: claim 'exp' is out of range"},
      {"nbf in the future", "token: claim 'nbf' is in the future"},
      {"iss missing", "token: claim 'iss' is missing"},
      {"aud is another value", "token: claim 'aud' does not hold the audience expected"},
      {"sub empty", "token: claim 'sub' is empty"},
      {"sub with a line break", "token: claim 'sub' has control characters"},
      {"rule matching a star inside",
       "token: claim 'channels'[0].match is neither a channel nor a prefix ending in '*'"},
      {"rule allowing one good and one unknown",
       "token: claim 'channels'[0].allow[1] is not a known permission"},
      {"second rule malformed", "token: claim 'channels'[1].allow is missing"},
  };
  std::size_t seen = 0;
  for (const json& entry : corpus()["hostile"]) {
    const auto wanted = expected.find(entry["name"].get<std::string>());
    if (wanted == expected.end()) continue;
    ++seen;
    EXPECT_EQ(auth.authenticate(text_of(entry), now()).error().message, wanted->second);
  }
  EXPECT_EQ(seen, expected.size());
}

}  // namespace
}  // namespace tidewire
