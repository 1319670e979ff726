#include "net/socket_address.h"

#include <gtest/gtest.h>

namespace tidewire::net {
namespace {

TEST(SocketAddress, ReadsWhatAnOperatorWrites) {
  EXPECT_EQ(SocketAddress::parse("127.0.0.1:8080")->to_string(), "127.0.0.1:8080");
  EXPECT_EQ(SocketAddress::parse("[::1]:80")->to_string(), "[::1]:80");
  EXPECT_EQ(SocketAddress::parse(":9000")->to_string(), "[::]:9000");
  EXPECT_EQ(SocketAddress::parse("*:0")->to_string(), "[::]:0");
  EXPECT_EQ(SocketAddress::parse("localhost:1")->port(), 1);
}

TEST(SocketAddress, NamesWhatIsWrong) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:1x",
                           "127.0.0.1:-1", "::1:80", "[]:80", "256.1.1.1.1:80"}) {
    const auto parsed = SocketAddress::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().find(text), std::string::npos);
  }
}

TEST(SocketAddress, CountsAMappedIpv4AddressAsIpv4) {
  const auto mapped = SocketAddress::parse("[::ffff:10.1.2.3]:5");
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped->host(), "10.1.2.3");
  EXPECT_EQ(*mapped, *SocketAddress::parse("10.1.2.3:5"));
}

TEST(SocketAddress, SurvivesTheKernelsForm) {
  for (const char* text : {"127.0.0.1:8080", "[2001:db8::7]:65535"}) {
    sockaddr_storage storage;
    const auto address = *SocketAddress::parse(text);
    EXPECT_GT(address.to(storage), 0U);
    EXPECT_EQ(SocketAddress::from(storage), address);
  }
}

TEST(SocketAddress, KnowsLoopbackAndAny) {
  EXPECT_TRUE(SocketAddress::parse("127.9.9.9:1")->is_loopback());
  EXPECT_TRUE(SocketAddress::parse("[::1]:1")->is_loopback());
  EXPECT_FALSE(SocketAddress::parse("10.0.0.1:1")->is_loopback());
  EXPECT_TRUE(SocketAddress::parse("0.0.0.0:1")->is_any());
  EXPECT_FALSE(SocketAddress::parse("[::1]:1")->is_any());
}

}  // namespace
}  // namespace tidewire::net
