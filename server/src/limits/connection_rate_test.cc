#include "limits/connection_rate.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr MonoMicros kSecond = 1'000'000;

AddressKey key(std::string_view text) { return *AddressKey::parse(text); }

TEST(AddressKey, CountsIpv6By64BitsAndIpv4Whole) {
  EXPECT_EQ(key("2001:db8::1"), key("2001:db8::ffff:2"));
  EXPECT_NE(key("2001:db8::1"), key("2001:db8:0:1::1"));
  EXPECT_NE(key("192.0.2.1"), key("192.0.2.2"));
  EXPECT_EQ(key("::ffff:192.0.2.1"), key("192.0.2.1"));
  EXPECT_NE(key("::1"), key("0.0.0.0"));
  EXPECT_EQ(key("fe80::1%eth0"), key("fe80::2"));
}

TEST(AddressKey, RefusesWhatIsNotAnAddress) {
  for (const char* text :
       {"", "localhost", "192.0.2", "192.0.2.256", "[::1]", "::1:80:x", "1.2.3.4:80"})
    EXPECT_FALSE(AddressKey::parse(text)) << text;
  EXPECT_FALSE(AddressKey::parse(std::string(1000, '1')));
}

TEST(ConnectionRate, LimitsEachAddressByItself) {
  ConnectionRate rate({.per_s = 1, .burst = 2});
  EXPECT_TRUE(rate.admit(key("192.0.2.1"), kSecond));
  EXPECT_TRUE(rate.admit(key("192.0.2.1"), kSecond));
  EXPECT_FALSE(rate.admit(key("192.0.2.1"), kSecond));
  EXPECT_TRUE(rate.admit(key("192.0.2.2"), kSecond));
  EXPECT_GT(rate.retry_after_ms(key("192.0.2.1"), kSecond), 900);
  EXPECT_EQ(rate.retry_after_ms(key("192.0.2.9"), kSecond), 0);
  EXPECT_TRUE(rate.admit(key("192.0.2.1"), 3 * kSecond));
}

TEST(ConnectionRate, RoamingInsideA64IsOneAddress) {
  ConnectionRate rate({.per_s = 1, .burst = 3});
  int admitted = 0;
  for (int i = 1; i <= 100; ++i)
    admitted += rate.admit(key("2001:db8::" + std::to_string(i)), kSecond);
  EXPECT_EQ(admitted, 3);
}

TEST(ConnectionRate, ForgetsTheLongestSilentAddressWhenFull) {
  ConnectionRate rate({.per_s = 0.001, .burst = 1, .addresses_max = 2});
  EXPECT_TRUE(rate.admit(key("192.0.2.1"), kSecond));
  EXPECT_TRUE(rate.admit(key("192.0.2.2"), kSecond));
  EXPECT_FALSE(rate.admit(key("192.0.2.1"), kSecond));
  EXPECT_TRUE(rate.admit(key("192.0.2.3"), kSecond));
  EXPECT_EQ(rate.addresses(), 2);
  EXPECT_FALSE(rate.admit(key("192.0.2.1"), kSecond));
  EXPECT_TRUE(rate.admit(key("192.0.2.2"), kSecond));
}

TEST(ConnectionRate, AdmitsNoMoreThanTheBurstFromManyThreads) {
  ConnectionRate rate({.per_s = 0, .burst = 100});
  std::atomic<int> admitted = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) admitted += rate.admit(key("192.0.2.1"), kSecond);
      });
  }
  EXPECT_EQ(admitted, 100);
}

}  // namespace
}  // namespace tidewire
