#include "net/listener.h"

#include <cerrno>

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/process.h"
#include "net/shard_pool.h"
#include "net/test_support.h"

namespace tidewire::net {
namespace {

using testing::Accepted;
using testing::connect_to;
using testing::turn_until;

const SocketAddress kAnyPort = *SocketAddress::parse("127.0.0.1:0");

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

TEST(Listener, GivesNonBlockingSocketsWithNoDelayAndThePeersAddress) {
  Shard shard;
  Accepted accepted;
  auto listener = Listener::open(shard, kAnyPort, accepted);
  ASSERT_TRUE(listener) << listener.error();
  EXPECT_NE((*listener)->address().port(), 0);
  const UniqueFd client = connect_to((*listener)->address());
  ASSERT_TRUE(turn_until(shard, [&] { return accepted.sockets.size() == 1; }));
  const int fd = accepted.sockets[0].get();
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(accepted.peers[0].host(), "127.0.0.1");
}

TEST(Listener, ServesBothFamiliesOnTheAnyAddress) {
  Shard shard;
  Accepted accepted;
  auto listener = Listener::open(shard, *SocketAddress::parse("*:0"), accepted);
  ASSERT_TRUE(listener) << listener.error();
  const std::uint16_t port = (*listener)->address().port();
  const UniqueFd v4 = connect_to(SocketAddress::parse("127.0.0.1:0")->with_port(port));
  ASSERT_TRUE(turn_until(shard, [&] { return accepted.sockets.size() == 1; }));
  EXPECT_EQ(accepted.peers[0].host(), "127.0.0.1");
  if (!(*listener)->address().is_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  const UniqueFd v6 = connect_to(SocketAddress::parse("[::1]:0")->with_port(port));
  ASSERT_TRUE(turn_until(shard, [&] { return accepted.sockets.size() == 2; }));
  EXPECT_EQ(accepted.peers[1].host(), "::1");
}

TEST(Listener, AcceptsMoreThanOneTurnsWorth) {
  Shard shard;
  Accepted accepted;
  auto listener = Listener::open(shard, kAnyPort, accepted);
  ASSERT_TRUE(listener) << listener.error();
  std::vector<UniqueFd> clients;
  clients.reserve(Listener::kAcceptsPerTurn + 20);
  for (std::size_t i = 0; i < Listener::kAcceptsPerTurn + 20; ++i)
    clients.push_back(connect_to((*listener)->address()));
  EXPECT_TRUE(turn_until(shard, [&] { return accepted.sockets.size() == clients.size(); }));
}

TEST(Listener, RefusesAnAddressOnWhichSomebodyListens) {
  Shard shard;
  Accepted accepted;
  auto first = Listener::open(shard, kAnyPort, accepted);
  ASSERT_TRUE(first);
  const auto second = Listener::open(shard, (*first)->address(), accepted);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(),
            "cannot listen on " + (*first)->address().to_string() + ": Address already in use");
  EXPECT_TRUE(Listener::open(shard, (*first)->address(), accepted, {.exclusive = false}));
}

TEST(Listener, SharesOnePortAmongTheShards) {
  ShardPool pool({.shards = 3});
  std::vector<Accepted> accepted(3);
  auto listeners = listen_on_every_shard(
      pool, kAnyPort, [&](std::size_t i) -> ListenerEvents& { return accepted[i]; });
  ASSERT_TRUE(listeners) << listeners.error();
  ASSERT_EQ(listeners->size(), 3U);
  EXPECT_EQ((*listeners)[0]->address(), (*listeners)[2]->address());
  std::vector<UniqueFd> clients;
  clients.reserve(60);
  for (int i = 0; i < 60; ++i) clients.push_back(connect_to((*listeners)[0]->address()));
  const auto all = [&] {
    return accepted[0].sockets.size() + accepted[1].sockets.size() + accepted[2].sockets.size();
  };
  for (std::size_t i = 0; i < 3; ++i)
    ASSERT_TRUE(turn_until(pool.shard(i), [&] { return !accepted[i].sockets.empty(); })) << i;
  EXPECT_LE(all(), clients.size());
}

TEST(Listener, LeavesConnectionsWaitingWhilePaused) {
  Shard shard;
  Accepted accepted;
  auto listener = Listener::open(shard, kAnyPort, accepted);
  ASSERT_TRUE(listener);
  (*listener)->pause();
  const UniqueFd client = connect_to((*listener)->address());
  ASSERT_TRUE(client);
  shard.run_turn(20);
  EXPECT_TRUE(accepted.sockets.empty());
  (*listener)->resume();
  EXPECT_TRUE(turn_until(shard, [&] { return accepted.sockets.size() == 1; }));
}

TEST(Listener, RefusesConnectionsOnceClosed) {
  Shard shard;
  Accepted accepted;
  auto listener = Listener::open(shard, kAnyPort, accepted);
  ASSERT_TRUE(listener);
  const SocketAddress address = (*listener)->address();
  (*listener)->close();
  (*listener)->close();
  EXPECT_FALSE(connect_to(address));
}

/// Runs in a child process, because it takes every descriptor away.
void survive_exhaustion() {
  Shard shard;
  Accepted accepted;
  auto listener = Listener::open(shard, kAnyPort, accepted);
  // Everything happens once before the descriptors go: UBSan needs some to look at a new type.
  const UniqueFd warm_up = listener ? connect_to((*listener)->address()) : UniqueFd();
  if (!warm_up ||
      !turn_until(shard, [&] { return accepted.sockets.size() + accepted.refused == 1; }))
    ::_exit(1);
  bool fired = false;
  Timer timer([](void* flag) { *static_cast<bool*>(flag) = true; }, &fired);
  shard.timers().schedule(timer, shard.clock().mono_ms() + 1);
  static_cast<ListenerEvents&>(accepted).on_exhausted(0, 0);
  if (!turn_until(shard, [&] { return fired; })) ::_exit(1);
  UniqueFd refused_client(::socket(AF_INET, SOCK_STREAM, 0));
  UniqueFd served_client(::socket(AF_INET, SOCK_STREAM, 0));
  const rlimit limit{.rlim_cur = static_cast<rlim_t>(served_client.get() + 1),
                     .rlim_max = static_cast<rlim_t>(served_client.get() + 1)};
  if (!listener || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
  std::vector<UniqueFd> fillers;  // the holes below the limit
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fillers.emplace_back(fd);

  sockaddr_storage storage;
  const socklen_t length = (*listener)->address().to(storage);
  const auto* target = reinterpret_cast<const sockaddr*>(&storage);
  if (::connect(refused_client.get(), target, length) != 0) ::_exit(2);
  if (!turn_until(shard, [&] { return accepted.refused == 1; })) ::_exit(3);
  if (accepted.last_error != EMFILE) ::_exit(4);
  char byte;
  if (::recv(refused_client.get(), &byte, 1, 0) != 0) ::_exit(5);  // a clean end, no hang

  refused_client.reset();
  if (::connect(served_client.get(), target, length) != 0) ::_exit(6);
  if (!turn_until(shard, [&] { return accepted.sockets.size() == 2; })) ::_exit(7);
  ::_exit(0);
}

TEST(ListenerDeathTest, ClosesWaitingClientsWhenDescriptorsRunOutAndRecovers) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(survive_exhaustion(), ::testing::ExitedWithCode(0), "");
}

TEST(Process, RaisesTheSoftLimitToTheHardLimit) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(raise_fd_limit(), limit.rlim_max);
}

}  // namespace
}  // namespace tidewire::net
