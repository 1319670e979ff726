#include "limits/connection_caps.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(ConnectionCaps, GivesNoMoreLeasesThanTheTotal) {
  ConnectionCaps caps(2);
  auto first = caps.acquire();
  auto second = caps.acquire();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(caps.acquire());
  first->release();
  EXPECT_TRUE(caps.acquire());
  EXPECT_EQ(caps.total(), 1);
}

TEST(ConnectionCaps, ALeaseMovesWithItsCount) {
  ConnectionCaps caps(10);
  {
    auto lease = caps.acquire();
    ConnectionLease moved = std::move(*lease);
    EXPECT_FALSE(*lease);
    lease.reset();
    EXPECT_EQ(caps.total(), 1);
    ConnectionLease other = std::move(*caps.acquire());
    EXPECT_EQ(caps.total(), 2);
    other = std::move(moved);
    EXPECT_EQ(caps.total(), 1) << "what the lease held before is given back";
    EXPECT_TRUE(other);
  }
  EXPECT_EQ(caps.total(), 0);
}

TEST(ConnectionCaps, CountsExactlyOverThreads) {
  ConnectionCaps caps(50);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          const auto lease = caps.acquire();
          EXPECT_LE(caps.total(), 50U);
        }
      });
  }
  EXPECT_EQ(caps.total(), 0);
}

}  // namespace
}  // namespace tidewire
