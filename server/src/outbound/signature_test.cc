#include "outbound/signature.h"

#include <gtest/gtest.h>

namespace tidewire::outbound {
namespace {

// The value is what Python's hmac module computes for the same secret and text.
TEST(SignatureTest, CoversTheTimeAndTheBody) {
  const std::string expected =
      "sha256=dd8302bf6d6c0a9ffc6ff2118be2149e3c0552969af5e585a861e519c82b029d";
  EXPECT_EQ(sign_body("a shared secret", 1'750'000'000, R"({"method":"ping"})"), expected);
  EXPECT_NE(sign_body("a shared secret", 1'750'000'001, R"({"method":"ping"})"), expected);
  EXPECT_NE(sign_body("a shared secret", 1'750'000'000, R"({"method":"pong"})"), expected);
  EXPECT_NE(sign_body("another secret", 1'750'000'000, R"({"method":"ping"})"), expected);
}

}  // namespace
}  // namespace tidewire::outbound
