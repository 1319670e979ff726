#include "limits/connection_caps.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(ConnectionCaps, GivesNoMoreLeasesThanTheTotal) {
  ConnectionCaps caps({.total = 2});
  auto first = caps.acquire();
  auto second = caps.acquire();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(caps.acquire());
  first->release();
  EXPECT_TRUE(caps.acquire());
  EXPECT_EQ(caps.total(), 1);
}

TEST(ConnectionCaps, CountsConnectionsOfAUserFromAuthOn) {
  ConnectionCaps caps({.total = 10, .per_user = 2});
  auto a = caps.acquire(), b = caps.acquire(), c = caps.acquire();
  EXPECT_TRUE(a->bind_user("ada"));
  EXPECT_TRUE(b->bind_user("ada"));
  EXPECT_FALSE(c->bind_user("ada"));
  EXPECT_TRUE(c->bind_user("bob"));
  EXPECT_EQ(caps.of_user("ada"), 2);
  a.reset();
  EXPECT_EQ(caps.of_user("ada"), 1);
  EXPECT_TRUE(c->bind_user("ada"));
  EXPECT_EQ(caps.of_user("bob"), 0);
  EXPECT_EQ(caps.users(), 1);
}

TEST(ConnectionCaps, ASecondAuthOfTheSameUserIsNotCountedTwice) {
  ConnectionCaps caps({.per_user = 1});
  auto lease = caps.acquire();
  EXPECT_TRUE(lease->bind_user("ada"));
  EXPECT_TRUE(lease->bind_user("ada"));
  EXPECT_EQ(caps.of_user("ada"), 1);
}

TEST(ConnectionCaps, ALeaseMovesWithItsCount) {
  ConnectionCaps caps({});
  {
    auto lease = caps.acquire();
    EXPECT_TRUE(lease->bind_user("ada"));
    ConnectionLease moved = std::move(*lease);
    EXPECT_FALSE(*lease);
    lease.reset();
    EXPECT_EQ(caps.total(), 1);
    ConnectionLease other;
    other = std::move(moved);
    EXPECT_EQ(caps.of_user("ada"), 1);
    EXPECT_FALSE(moved.bind_user("eve"));
  }
  EXPECT_EQ(caps.total(), 0);
  EXPECT_EQ(caps.users(), 0);
}

TEST(ConnectionCaps, CountsExactlyOverThreads) {
  ConnectionCaps caps({.total = 50, .per_user = 1000});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          auto lease = caps.acquire();
          EXPECT_EQ(lease && lease->bind_user("ada"), lease.has_value());
          EXPECT_LE(caps.total(), 50U);
        }
      });
  }
  EXPECT_EQ(caps.total(), 0);
  EXPECT_EQ(caps.users(), 0);
}

}  // namespace
}  // namespace tidewire
