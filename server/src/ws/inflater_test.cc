#include "ws/inflater.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "ws/deflater.h"

namespace tidewire::ws::inflater_test {
namespace {

constexpr std::size_t kLimit = 1 << 20;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

struct InflaterTest : testing::Test {
  Inflater inflater{15};
  std::string out;

  InflateStatus inflate(std::string_view payload, std::size_t limit = kLimit) {
    return inflater.inflate(payload, limit, out);
  }
  void expect(std::string_view payload, std::string_view message) {
    EXPECT_EQ(inflate(payload), InflateStatus::ok);
    EXPECT_EQ(out, message);
  }
};

TEST_F(InflaterTest, ReadsTheExamplesOfTheRfc) {
  expect(bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), "Hello");  // 7.2.3.1
  expect(bytes({0xf2, 0x00, 0x11, 0x00, 0x00}), "Hello");              // 7.2.3.2: from the window
  inflater.reset();
  expect(bytes({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}),
         "Hello");                                                           // 7.2.3.3: stored
  expect(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), "Hello");  // 7.2.3.4: BFINAL
  expect(bytes({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00}),
         "Hello");            // 7.2.3.5: two blocks
  expect(bytes({0x00}), "");  // 7.2.3.6
  expect("", "");
}

TEST_F(InflaterTest, TheWindowSurvivesAFinalBlock) {
  expect(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), "Hello");
  expect(bytes({0xf2, 0x00, 0x11, 0x00, 0x00}), "Hello");
}

TEST_F(InflaterTest, AFinalBlockNeedsNothingAfterIt) {
  expect(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), "Hello");
  expect(bytes({0xf2, 0x00, 0x11, 0x00, 0x00}), "Hello");
}

TEST_F(InflaterTest, AFloodOfFinalBlocksIsReadInPassing) {
  std::string flood;
  for (int i = 0; i < 32000; ++i) flood += bytes({0x03, 0x00});
  expect(flood, "");
}

TEST_F(InflaterTest, InvalidAndTruncatedDataIsRefused) {
  for (const std::string& payload :
       {bytes({0x07}), bytes({0xFF}), bytes({0x00, 0x05, 0x00, 0x00, 0x00}),
        bytes({0x00, 0x06, 0x00, 0xf9, 0xff, 0x48}), std::string("not deflate at all")}) {
    EXPECT_EQ(inflate(payload), InflateStatus::invalid);
    inflater.reset();
  }
  EXPECT_EQ(inflate(bytes({0xf2, 0x00, 0x11, 0x00, 0x00})), InflateStatus::invalid)
      << "a distance into a window that was reset";
}

TEST_F(InflaterTest, TheOutputIsBoundedWhileInflating) {
  Deflater deflater(15, 9, 8);
  std::string bomb;
  std::string zeros;
  zeros.resize(50'000'000);
  deflater.deflate(zeros, bomb);
  EXPECT_LT(bomb.size(), 60'000U);
  EXPECT_EQ(inflate(bomb, 65'536), InflateStatus::too_big);
  EXPECT_EQ(out.size(), 65'537U) << "no more than one byte past the limit";
  EXPECT_LE(out.capacity(), 262'144U);
}

TEST_F(InflaterTest, TheLimitItselfFitsAndOneByteMoreDoesNot) {
  for (const std::size_t size : {1, 1023, 1024, 1025, 4096, 65536}) {
    Deflater deflater(15, 6, 8);
    std::string payload;
    deflater.deflate(std::string(size, 'x'), payload);
    inflater.reset();
    EXPECT_EQ(inflate(payload, size), InflateStatus::ok) << size;
    EXPECT_EQ(out.size(), size);
    inflater.reset();
    EXPECT_EQ(inflate(payload, size - 1), InflateStatus::too_big) << size;
  }
}

TEST_F(InflaterTest, WhatTheDeflaterWritesComesBackForEveryWindowAndSize) {
  std::mt19937 random(7);
  for (std::uint8_t bits = 9; bits <= 15; ++bits) {
    Deflater deflater(bits, 3, 8);
    Inflater reader(bits);
    for (const std::size_t size : {0, 1, 5, 300, 5000, 100'000, 0, 0, 70'000}) {
      std::string message;
      for (std::size_t i = 0; i < size; ++i)
        message.push_back(static_cast<char>(random() % (size % 3 == 0 ? 256 : 4)));
      std::string payload;
      deflater.deflate(message, payload);
      ASSERT_EQ(reader.inflate(payload, kLimit, out), InflateStatus::ok);
      ASSERT_EQ(out, message);
    }
  }
}

}  // namespace
}  // namespace tidewire::ws::inflater_test
