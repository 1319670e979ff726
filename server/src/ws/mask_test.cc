#include "ws/mask.h"

#include <string>

#include <gtest/gtest.h>

namespace tidewire::ws {
namespace {

TEST(Mask, EverySizeAlignmentAndOffsetIsTheXorOfTheDefinition) {
  const std::array<char, 4> mask{'\x01', '\x82', '\x43', '\xF4'};
  for (std::size_t alignment = 0; alignment < 16; ++alignment)
    for (std::size_t size = 0; size < 80; ++size)
      for (std::size_t offset = 0; offset < 5; ++offset) {
        std::string buffer(alignment + size + 1, 'x');
        unmask(buffer.data() + alignment, size, mask, offset);
        for (std::size_t i = 0; i < size; ++i)
          ASSERT_EQ(buffer[alignment + i], static_cast<char>('x' ^ mask[(offset + i) % 4]));
        ASSERT_EQ(buffer.back(), 'x') << "wrote past the end";
        ASSERT_EQ(buffer.substr(0, alignment), std::string(alignment, 'x'));
      }
}

TEST(Mask, AnOffsetBeyondFourGibibytesKeepsItsPhase) {
  std::string text = "abcdefghij";
  unmask(text.data(), text.size(), {'\1', '\2', '\3', '\4'}, (std::uint64_t{1} << 33U) + 3);
  unmask(text.data(), text.size(), {'\1', '\2', '\3', '\4'}, 3);
  EXPECT_EQ(text, "abcdefghij");
}

}  // namespace
}  // namespace tidewire::ws
