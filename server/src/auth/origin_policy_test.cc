#include "auth/origin_policy.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

OriginPolicy policy(std::vector<std::string> entries) {
  auto built = OriginPolicy::build(entries);
  EXPECT_TRUE(built) << built.error();
  return built ? *built : OriginPolicy();
}

const OriginPolicy& matrix_policy() {
  static const OriginPolicy value = policy(
      {"https://a.com", "http://localhost:5173", "https://*.b.org", "https://[2001:db8::1]:8443",
       "http://127.0.0.1:3000", "https://xn--bcher-kva.example", "chrome-extension://abcdef",
       "https://Upper.Example:443", "http://*.dev.test:8080"});
  return value;
}

TEST(OriginPolicy, AllowsExactlyWhatIsListed) {
  for (const char* origin :
       {"https://a.com", "https://a.com:443", "HTTPS://A.COM", "https://A.com",
        "http://localhost:5173", "HTTP://LocalHost:5173", "https://x.b.org", "https://x.y.b.org",
        "https://X.B.ORG", "https://x-1.b.org:443", "https://[2001:db8::1]:8443",
        "https://[2001:DB8:0:0:0:0:0:1]:8443", "http://127.0.0.1:3000",
        "https://xn--bcher-kva.example", "https://XN--BCHER-KVA.example",
        "chrome-extension://abcdef", "https://upper.example", "http://app.dev.test:8080"})
    EXPECT_TRUE(matrix_policy().allows(origin)) << origin;
}

TEST(OriginPolicy, RefusesEverythingElse) {
  for (const char* origin :
       {// another scheme or port
        "http://a.com", "ws://a.com", "wss://a.com", "https://a.com:8443", "https://a.com:80",
        "http://a.com:443", "http://localhost", "http://localhost:5174", "https://localhost:5173",
        "http://x.b.org", "https://x.b.org:8443", "http://app.dev.test",
        // prefixes and suffixes of the host
        "https://a.com.evil", "https://a.com.evil.net", "https://evil-a.com", "https://evila.com",
        "https://xa.com", "https://a.co", "https://a.comm", "https://.a.com", "https://www.a.com",
        "https://a.com-evil.net", "https://a.com@evil.net", "https://a.com%2eevil.net",
        // around the wildcard
        "https://b.org", "https://.b.org", "https://xb.org", "https://evilb.org",
        "https://x..b.org", "https://x.b.org.evil", "https://*.b.org", "https://x.b.org.",
        "https://b.org.evil.net",
        // more than an origin
        "https://a.com/", "https://a.com/path", "https://a.com?x", "https://a.com#x",
        "https://user@a.com", "https://user:pass@a.com", "https://a.com@a.com",
        "https://a.com:443:443", "https://a.com https://evil.net", "https://evil.net https://a.com",
        "https://a.com,https://a.com", "https://a.com\\evil", "https://a.com\t", " https://a.com",
        "https://a.com ", "https://a.com\n", "https://a.com\x7f",
        // less than an origin
        "", "a.com", "//a.com", "https:", "https://", "https:/a.com", "https:a.com", "://a.com",
        "*", "https://:443", "https://a.com:",
        // odd ports
        "https://a.com:0443", "https://a.com:+443", "https://a.com:-1", "https://a.com:65979",
        "https://a.com:0", "https://a.com:4 43", "https://a.com:443x",
        // null, trailing dots, letters beyond ASCII
        "null", "NULL", "file://", "https://a.com.", "https://a.com.:443",
        "https://b\xC3\xBC"
        "cher.example",
        "https://\xD0\xB0.com", "https://\xEF\xBD\x81.com", "https://bucher.example",
        // addresses
        "https://[2001:db8::1]", "https://[2001:db8::2]:8443", "https://2001:db8::1:8443",
        "https://[2001:db8::1]:8443]", "https://[2001:db8::1", "https://[::ffff:127.0.0.1]:3000",
        "https://[2001:db8::1%25eth0]:8443", "http://127.0.0.1", "http://127.1:3000",
        "http://2130706433:3000", "http://0x7f.0.0.1:3000", "http://0.0.0.0:3000",
        "http://[::1]:3000", "http://127.0.0.1.evil.net:3000", "chrome-extension://abcdefg",
        "moz-extension://abcdef", "javascript://a.com", "data:text/html,x"})
    EXPECT_FALSE(matrix_policy().allows(origin)) << origin;
}

TEST(OriginPolicy, ARequestWithoutOriginPasses) {
  EXPECT_TRUE(OriginPolicy().allows(std::nullopt));
  EXPECT_TRUE(matrix_policy().allows(std::nullopt));
}

TEST(OriginPolicy, AnEmptyListRefusesEveryOrigin) {
  EXPECT_FALSE(OriginPolicy().allows("https://a.com"));
  EXPECT_FALSE(OriginPolicy().allows("null"));
}

TEST(OriginPolicy, AStarAllowsEveryOriginButNotNull) {
  EXPECT_TRUE(policy({"*"}).allows("https://anything.example:1"));
  EXPECT_FALSE(policy({"*"}).allows("null"));
  EXPECT_FALSE(policy({"*"}).allows("not an origin"));
  EXPECT_TRUE(policy({"*", "null"}).allows("null"));
}

TEST(OriginPolicy, NullIsAllowedOnlyWhenListed) {
  EXPECT_TRUE(policy({"null"}).allows("null"));
  EXPECT_FALSE(policy({"null"}).allows("Null"));
}

TEST(OriginPolicy, ALongOriginIsRefused) {
  EXPECT_FALSE(policy({"*"}).allows("https://" + std::string(254, 'a')));
  EXPECT_FALSE(policy({"*"}).allows("https://" + std::string(100'000, '.')));
}

TEST(OriginPolicy, RefusesEntriesThatCannotMatchAndNamesThem) {
  for (const char* entry :
       {"a.com", "https://a.com/", "https://*", "https://*.", "https://*.com", "https://a.*.com",
        "https://*a.com", "https://*.*.com", "*.a.com", "https://*.127.0.0.1", "https://*.[::1]",
        "https://b\xC3\xBC"
        "cher.example",
        "https://a.com:99999", "", " ", "**"}) {
    const auto built = OriginPolicy::build(std::vector<std::string>{entry});
    ASSERT_FALSE(built) << entry;
    EXPECT_NE(built.error().find("origin '" + std::string(entry) + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace tidewire
