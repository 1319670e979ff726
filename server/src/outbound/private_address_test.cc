#include "outbound/private_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace tidewire::outbound {
namespace {

TEST(PrivateAddressTest, KnowsWhatIsNotPublic) {
  for (const char* address : {"0.0.0.0",
                              "10.0.0.1",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.254",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.8",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "224.0.0.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "fdff::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.1.2.3",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "::127.0.0.1"})
    EXPECT_TRUE(is_private_address(address)) << address;
}

TEST(PrivateAddressTest, KnowsWhatIsPublic) {
  for (const char* address :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1",
        "128.0.0.1", "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.169.0.1",
        "198.20.0.0", "223.255.255.255", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101",
        "2002:101:101::"})
    EXPECT_FALSE(is_private_address(address)) << address;
}

TEST(PrivateAddressTest, TrustsNothingElse) {
  for (const char* text : {"", "localhost", "127.1", "0x7f000001", "1.1.1.1.", "1.1.1.1 "})
    EXPECT_TRUE(is_private_address(text)) << text;
  const sockaddr unix_socket{.sa_family = AF_UNIX, .sa_data = {}};
  EXPECT_TRUE(is_private_address(unix_socket));
}

}  // namespace
}  // namespace tidewire::outbound
