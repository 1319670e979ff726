#include "ws/shared_frame.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidewire::ws {
namespace {

TEST(SharedFrame, HasTheShortestUnmaskedHeader) {
  EXPECT_EQ(SharedFrame::make(Opcode::text, "hi").bytes(), "\x81\x02hi");
  EXPECT_EQ(SharedFrame::make(Opcode::binary, std::string(125, 'x')).bytes().substr(0, 2),
            "\x82\x7D");
  EXPECT_EQ(SharedFrame::make(Opcode::text, std::string(126, 'x')).bytes().substr(0, 4),
            std::string_view("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(SharedFrame::make(Opcode::text, std::string(65535, 'x')).bytes().substr(0, 4),
            std::string_view("\x81\x7E\xFF\xFF", 4));
  EXPECT_EQ(SharedFrame::make(Opcode::text, std::string(65536, 'x')).bytes().substr(0, 10),
            std::string_view("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST(SharedFrame, KnowsItsParts) {
  const SharedFrame frame = SharedFrame::make(Opcode::text, "payload", true);
  EXPECT_TRUE(frame.rsv1());
  EXPECT_EQ(frame.opcode(), Opcode::text);
  EXPECT_EQ(frame.payload(), "payload");
  EXPECT_EQ(frame.bytes(), "\xC1\x07payload");
  EXPECT_EQ(frame.size(), 9U);
  EXPECT_GT(frame.cost(), frame.size());
}

TEST(SharedFrame, CanBeEmptyAndCanHaveAnEmptyPayload) {
  EXPECT_FALSE(SharedFrame());
  const SharedFrame frame = SharedFrame::make(Opcode::pong, "");
  EXPECT_TRUE(frame);
  EXPECT_EQ(frame.bytes(), std::string_view("\x8A\x00", 2));
}

TEST(SharedFrame, IsBuiltInPlaceWithWhatWasUsedOfTheRoom) {
  const SharedFrame frame = SharedFrame::build(Opcode::text, 200, [](std::span<char> room) {
    EXPECT_EQ(room.size(), 200U);
    room[0] = 'a';
    return std::size_t{1};
  });
  EXPECT_EQ(frame.bytes(),
            "\x81\x01"
            "a");
  EXPECT_GE(frame.cost(), 200U) << "room that is not used is paid for as well";
}

TEST(SharedFrame, CopiesShareTheBytes) {
  SharedFrame copy;
  {
    const SharedFrame frame = SharedFrame::make(Opcode::text, "shared");
    copy = frame;
    EXPECT_TRUE(copy.same_as(frame));
    EXPECT_EQ(copy.bytes().data(), frame.bytes().data());
  }
  EXPECT_EQ(copy.payload(), "shared");
  const SharedFrame moved = std::move(copy);
  EXPECT_EQ(moved.payload(), "shared");
}

TEST(SharedFrame, MayBeReleasedOnAnyThread) {
  const SharedFrame frame = SharedFrame::make(Opcode::text, "x");
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([frame] {
      for (int round = 0; round < 1000; ++round) {
        SharedFrame copy;
        copy = frame;
        EXPECT_EQ(copy.payload(), "x");
      }
    });
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace tidewire::ws
