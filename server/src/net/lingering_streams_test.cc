#include "net/lingering_streams.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "net/test_support.h"

namespace tidewire::net {
namespace {

using testing::send_text;
using testing::tcp_pair;
using testing::turn_until;
using testing::write_text;

TEST(LingeringStreams, DeliversTheLastBytesAlthoughThePeersInputWasNeverRead) {
  Shard shard;
  LingeringStreams lingering(shard);
  auto [accepted, client] = tcp_pair();
  send_text(client.get(), std::string(100'000, 'x'));
  auto stream = std::make_unique<TcpStream>(std::move(accepted), SocketAddress{});
  ASSERT_EQ(write_text(*stream, "goodbye").bytes, 7U);
  lingering.add(std::move(stream));
  shard.run_turn(0);
  std::array<char, 16> buffer;
  ASSERT_EQ(::recv(client.get(), buffer.data(), buffer.size(), 0), 7);
  EXPECT_EQ(::recv(client.get(), buffer.data(), buffer.size(), 0), 0);  // FIN, not a reset
  EXPECT_EQ(lingering.size(), 1U);
  client.reset();
  EXPECT_TRUE(turn_until(shard, [&] { return lingering.size() == 0; }));
}

TEST(LingeringStreams, StopsWaitingForAPeerThatNeverEnds) {
  Shard shard;
  LingeringStreams lingering(shard, {.wait_ms = 30});
  auto [accepted, client] = tcp_pair();
  lingering.add(std::make_unique<TcpStream>(std::move(accepted), SocketAddress{}));
  EXPECT_TRUE(turn_until(shard, [&] { return lingering.size() == 0; }));
}

TEST(LingeringStreams, StopsListeningToAPeerThatKeepsSending) {
  Shard shard;
  LingeringStreams lingering(shard, {.wait_ms = 3'600'000, .input_bytes_max = 1000});
  auto [accepted, client] = tcp_pair();
  lingering.add(std::make_unique<TcpStream>(std::move(accepted), SocketAddress{}));
  send_text(client.get(), std::string(5000, 'x'));
  EXPECT_TRUE(turn_until(shard, [&] { return lingering.size() == 0; }));
}

TEST(LingeringStreams, ClosesTheOldestPastItsLimit) {
  Shard shard;
  LingeringStreams lingering(shard, {.streams_max = 2});
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 3; ++i) {
    auto [accepted, client] = tcp_pair();
    lingering.add(std::make_unique<TcpStream>(std::move(accepted), SocketAddress{}));
    clients.push_back(std::move(client));
  }
  EXPECT_EQ(lingering.size(), 2U);
  shard.run_turn(0);
  char byte;
  EXPECT_EQ(::recv(clients[0].get(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace tidewire::net
