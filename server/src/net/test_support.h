#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/listener.h"
#include "net/pollable.h"
#include "net/shard.h"
#include "net/stream.h"

/// What the tests of this folder share: sockets on 127.0.0.1 and turns instead of sleeps.
namespace tidewire::net::testing {

/// Turns `shard` until `done` or a deadline that only a fault reaches. Answers whether it is done.
inline bool turn_until(Shard& shard, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    shard.run_turn(5);
  }
  return true;
}

inline std::pair<UniqueFd, UniqueFd> socket_pair() {
  int fds[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) return {};
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// A client's connected socket; blocking, so that tests read like a script.
inline UniqueFd connect_to(const SocketAddress& address) {
  sockaddr_storage storage;
  const socklen_t length = address.to(storage);
  UniqueFd socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return {};
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

inline void send_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

inline IoResult write_text(Stream& stream, std::string_view text) {
  const iovec part{const_cast<char*>(text.data()), text.size()};
  return stream.write({&part, 1});
}

/// A pollable made of a lambda.
class Watcher final : public Pollable {
 public:
  using Callback = std::function<void(bool readable, bool writable)>;
  explicit Watcher(Callback callback) : callback_(std::move(callback)) {}
  void on_ready(bool readable, bool writable) override { callback_(readable, writable); }

 private:
  Callback callback_;
};

/// Keeps what a listener gives.
struct Accepted final : ListenerEvents {
  void on_accept(UniqueFd socket, const SocketAddress& peer) override {
    sockets.push_back(std::move(socket));
    peers.push_back(peer);
  }
  void on_exhausted(int error, std::size_t count) override {
    last_error = error;
    refused += count;
  }

  std::vector<UniqueFd> sockets;
  std::vector<SocketAddress> peers;
  std::size_t refused = 0;
  int last_error = 0;
};

/// Both ends of one TCP connection over 127.0.0.1: the accepted one is non-blocking.
inline std::pair<UniqueFd, UniqueFd> tcp_pair() {
  Shard shard;
  Accepted accepted;
  auto listener = Listener::open(shard, *SocketAddress::parse("127.0.0.1:0"), accepted);
  if (!listener) return {};
  UniqueFd client = connect_to((*listener)->address());
  if (!turn_until(shard, [&] { return !accepted.sockets.empty(); })) return {};
  return {std::move(accepted.sockets[0]), std::move(client)};
}

inline void set_blocking(int fd, bool blocking) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

}  // namespace tidewire::net::testing
