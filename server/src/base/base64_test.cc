#include "base/base64.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url_encode("\xFB\xFF"), "-_8");
}

TEST(Base64, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text :
       {"Zg=", "Zg", "Z===", "Zh==", "Zm9v\n", "Zm 9", "Zm9v====", "=", "Zg==Zg=="})
    EXPECT_FALSE(base64_decode(text)) << text;
  for (const char* text : {"Zg==", "Z", "Zh", "+_8", "a b"})
    EXPECT_FALSE(base64url_decode(text)) << text;
}

}  // namespace
}  // namespace tidewire
