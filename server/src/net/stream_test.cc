#include "net/stream.h"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/loopback_stream.h"
#include "net/test_support.h"

namespace tidewire::net {
namespace {

using testing::set_blocking;
using testing::tcp_pair;
using testing::write_text;

/// Two connected streams; what both kinds must do is said once, below.
struct Ends {
  std::unique_ptr<Stream> here;
  std::unique_ptr<Stream> there;
};

Ends tcp_ends() {
  auto [accepted, client] = tcp_pair();
  set_blocking(client.get(), false);
  return {std::make_unique<TcpStream>(std::move(accepted), SocketAddress{}),
          std::make_unique<TcpStream>(std::move(client), SocketAddress{})};
}

Ends loopback_ends() {
  auto [here, there] = LoopbackStream::make_pair();
  return {std::move(here), std::move(there)};
}

class AnyStream : public ::testing::TestWithParam<Ends (*)()> {
 protected:
  /// Over 127.0.0.1 what was sent can be read at once.
  static std::string read_some(Stream& stream, std::size_t most = 65536) {
    std::string buffer(most, '\0');
    const IoResult result = stream.read(buffer);
    buffer.resize(result.bytes);
    return buffer;
  }
  Ends ends_ = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(Streams, AnyStream, ::testing::Values(&tcp_ends, &loopback_ends),
                         [](const auto& info) { return info.index == 0 ? "Tcp" : "Loopback"; });

TEST_P(AnyStream, CarriesBytesBothWays) {
  EXPECT_EQ(write_text(*ends_.here, "ping").bytes, 4U);
  EXPECT_EQ(read_some(*ends_.there), "ping");
  EXPECT_EQ(write_text(*ends_.there, "pong").bytes, 4U);
  EXPECT_EQ(read_some(*ends_.here), "pong");
}

TEST_P(AnyStream, GathersPartsIntoOneRead) {
  std::string one = "one ", two = "two ", three = "three";
  const std::array<iovec, 4> parts{
      {{one.data(), one.size()}, {nullptr, 0}, {two.data(), two.size()}, {three.data(), 5}}};
  EXPECT_EQ(ends_.here->write(parts).bytes, 13U);
  EXPECT_EQ(read_some(*ends_.there), "one two three");
}

TEST_P(AnyStream, SaysThatThereIsNothingToRead) {
  std::array<char, 8> buffer;
  EXPECT_EQ(ends_.here->read(buffer).status, IoStatus::would_block);
}

TEST_P(AnyStream, TakesWhatFitsThenSaysThatItIsFull) {
  const std::string block(1 << 20, 'x');
  std::size_t written = 0;
  IoResult result;
  while ((result = write_text(*ends_.here, block)).status == IoStatus::ok) written += result.bytes;
  EXPECT_EQ(result.status, IoStatus::would_block);
  EXPECT_GT(written, 0U);
  std::size_t read = 0;
  while (read < written) {
    const std::size_t size = read_some(*ends_.there).size();
    ASSERT_GT(size, 0U);
    read += size;
  }
  EXPECT_EQ(read, written);
}

TEST_P(AnyStream, DeliversWhatWasWrittenBeforeTheShutdown) {
  EXPECT_EQ(write_text(*ends_.here, "bye").bytes, 3U);
  ends_.here->shutdown();
  EXPECT_EQ(read_some(*ends_.there), "bye");
  std::array<char, 8> buffer;
  EXPECT_EQ(ends_.there->read(buffer).status, IoStatus::closed);
  EXPECT_EQ(write_text(*ends_.there, "still open this way").bytes, 19U);
}

TEST_P(AnyStream, CannotWriteAfterItsShutdown) {
  ends_.here->shutdown();
  EXPECT_EQ(write_text(*ends_.here, "late").status, IoStatus::closed);
}

TEST(TcpStream, SaysWhyItBroke) {
  auto [accepted, client] = tcp_pair();
  TcpStream stream(std::move(accepted), SocketAddress{});
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.reset();
  std::array<char, 8> buffer;
  EXPECT_EQ(stream.read(buffer).status, IoStatus::error);
  EXPECT_EQ(stream.last_error(), "Connection reset by peer");
}

TEST(LoopbackStream, ShowsEveryFaultOnDemand) {
  auto [here, there] = LoopbackStream::make_pair(8);
  here->limit_write(3);
  EXPECT_EQ(write_text(*here, "abcdef").bytes, 3U);
  here->block_writes(true);
  EXPECT_EQ(write_text(*here, "def").status, IoStatus::would_block);
  here->block_writes(false);
  here->limit_write(100);
  EXPECT_EQ(write_text(*here, "defghijkl").bytes, 5U);  // the capacity is 8
  there->block_reads(true);
  std::array<char, 16> buffer;
  EXPECT_EQ(there->read(buffer).status, IoStatus::would_block);
  there->block_reads(false);
  there->limit_read(1);
  EXPECT_EQ(there->read(buffer).bytes, 1U);
  EXPECT_EQ(there->readable_bytes(), 7U);
  there->break_stream();
  EXPECT_EQ(here->read(buffer).status, IoStatus::error);
  EXPECT_EQ(write_text(*there, "x").status, IoStatus::error);
}

TEST(LoopbackStream, TellsEdges) {
  auto [here, there] = LoopbackStream::make_pair();
  int edges = 0;
  there->on_edge([&] { ++edges; });
  (void)write_text(*here, "data");
  EXPECT_EQ(edges, 1);
  here.reset();
  EXPECT_EQ(edges, 2);
  EXPECT_EQ(there->read_all(), "data");
  std::array<char, 4> buffer;
  EXPECT_EQ(there->read(buffer).status, IoStatus::closed);
}

}  // namespace
}  // namespace tidewire::net
