#include "load/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tidewire::bench {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;
constexpr int kEvents = 1024;

}  // namespace

std::int64_t now_us() {
  timespec time{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &time);  // cannot fail for this clock
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

Client::Client(Target target, const Dialect& dialect, ClientEvents& events)
    : target_(std::move(target)),
      dialect_(dialect),
      events_(events),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(kBufferBytes) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  if (!target_.tls) return;
  tls_ = ::SSL_CTX_new(::TLS_client_method());
  ::SSL_CTX_set_mode(tls_, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE |
                               SSL_MODE_RELEASE_BUFFERS);
}

Client::~Client() {
  for (std::uint32_t i = 0; i < links_.size(); ++i) drop(i);
  ::close(epoll_);
  ::SSL_CTX_free(tls_);
}

void Client::connect(std::uint32_t index, std::uint32_t room, int receive_buffer) {
  Link& link = links_[index];
  link.room = room;
  link.next_sequence = 0;
  link.stage = Stage::connecting;
  link.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (link.fd < 0) return lose(index, std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(link.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer > 0)
    ::setsockopt(link.fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target_.port);
  ::inet_pton(AF_INET, target_.host.c_str(), &address.sin_addr);
  if (::connect(link.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    return lose(index, std::string("connect: ") + std::strerror(errno));
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u32 = index}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, link.fd, &event);
}

void Client::drop(std::uint32_t index) {
  Link& link = links_[index];
  if (link.stage == Stage::free) return;
  if (link.fd >= 0) {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(link.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(link.fd);
  }
  ::SSL_free(link.ssl);
  link = Link{};
}

void Client::lose(std::uint32_t index, const std::string& why) {
  drop(index);
  events_.on_lost(index, why);
}

void Client::queue(std::uint32_t index, std::string_view frame) {
  Link& link = links_[index];
  if (link.out.empty()) dirty_.push_back(index);
  link.out += frame;
}

void Client::flush() {
  for (const std::uint32_t index : std::exchange(dirty_, {})) send_out(index);
}

void Client::wait(int timeout_ms) {
  flush();
  std::array<epoll_event, kEvents> events;
  int count = ::epoll_wait(epoll_, events.data(), kEvents, spins_ ? 0 : timeout_ms);
  if (spins_ && count == 0 && timeout_ms > 0) {
    const std::int64_t began = now_us();
    std::int64_t now = began;
    for (; count == 0 && now - began < timeout_ms * 1000; now = now_us())
      count = ::epoll_wait(epoll_, events.data(), kEvents, 0);
    idle_us_ += now - began;
  }
  for (int i = 0; i < count; ++i) on_ready(events[i].data.u32, events[i].events);
  flush();
}

void Client::on_ready(std::uint32_t index, std::uint32_t bits) {
  Link& link = links_[index];
  if (link.stage == Stage::free) return;
  if (link.stage == Stage::connecting) {
    if ((bits & (EPOLLERR | EPOLLHUP)) != 0) return lose(index, "the connection was refused");
    if ((bits & EPOLLOUT) == 0) return;
    link.stage = target_.tls ? Stage::securing : Stage::upgrading;
    link.out = "GET " + dialect_.target(link.room) + " HTTP/1.1\r\nHost: " + target_.host +
               "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
               dialect_.headers() +
               (target_.compress ? "Sec-WebSocket-Extensions: permessage-deflate; "
                                   "client_no_context_takeover; server_no_context_takeover\r\n"
                                 : "") +
               "\r\n";
  }
  if (link.stage == Stage::securing && !secure(index)) return;
  if ((bits & EPOLLOUT) != 0 || link.stage == Stage::upgrading) send_out(index);
  if (links_[index].held) return;
  if ((bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) read_all(index);
}

/// Answers whether the TLS handshake is over.
bool Client::secure(std::uint32_t index) {
  Link& link = links_[index];
  if (link.ssl == nullptr) {
    link.ssl = ::SSL_new(tls_);
    ::SSL_set_fd(link.ssl, link.fd);
  }
  ::ERR_clear_error();
  const int result = ::SSL_connect(link.ssl);
  if (result == 1) {
    link.stage = Stage::upgrading;
    return true;
  }
  const int error = ::SSL_get_error(link.ssl, result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
    lose(index, "the TLS handshake failed");
  return false;
}

/// Bytes moved; 0 at the end; -1 when it would block; -2 when it is broken.
long Client::read_some(Link& link, char* buffer, std::size_t size) {
  if (link.ssl == nullptr) {
    const ssize_t got = ::recv(link.fd, buffer, size, 0);
    return got >= 0 ? got : errno == EAGAIN ? -1 : -2;
  }
  ::ERR_clear_error();
  const int got = ::SSL_read(link.ssl, buffer, static_cast<int>(size));
  if (got > 0) return got;
  const int error = ::SSL_get_error(link.ssl, got);
  return error == SSL_ERROR_WANT_READ ? -1 : error == SSL_ERROR_ZERO_RETURN ? 0 : -2;
}

long Client::write_some(Link& link, std::string_view bytes) {
  if (link.ssl == nullptr) {
    const ssize_t put = ::send(link.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return put >= 0 ? put : errno == EAGAIN ? -1 : -2;
  }
  ::ERR_clear_error();
  const int put = ::SSL_write(link.ssl, bytes.data(), static_cast<int>(bytes.size()));
  if (put > 0) return put;
  return ::SSL_get_error(link.ssl, put) == SSL_ERROR_WANT_WRITE ? -1 : -2;
}

void Client::send_out(std::uint32_t index) {
  Link& link = links_[index];
  if (link.stage < Stage::upgrading) return;
  std::size_t sent = 0;
  while (sent < link.out.size()) {
    const long put = write_some(link, std::string_view(link.out).substr(sent));
    if (put == -2) return lose(index, "the connection broke while sending");
    if (put < 0) break;
    sent += static_cast<std::size_t>(put);
  }
  link.out.erase(0, sent);
  if (link.out.empty() && link.out.capacity() > 4096) link.out.shrink_to_fit();
}

void Client::read_all(std::uint32_t index) {
  while (read_once(index, std::string_view::npos) && !links_[index].held) {
  }
}

/// Answers whether there may be more.
bool Client::read_once(std::uint32_t index, std::size_t limit) {
  Link& link = links_[index];
  if (link.stage == Stage::free) return false;
  const std::size_t kept = link.in.size();
  if (kept + kBufferBytes / 2 > buffer_.size()) buffer_.resize(kept + kBufferBytes);
  std::memcpy(buffer_.data(), link.in.data(), kept);
  const std::size_t room = std::clamp<std::size_t>(limit, 1, buffer_.size() - kept);
  const long got = read_some(link, buffer_.data() + kept, room);
  if (got == -1) return false;
  if (got <= 0) {
    lose(index, got == 0 ? "the server ended it" : "the connection broke");
    return false;
  }
  const std::string_view bytes(buffer_.data(), kept + static_cast<std::size_t>(got));
  fault_.clear();
  const std::size_t used = consume(index, bytes, now_us());
  if (!fault_.empty() || used == std::string_view::npos) {
    lose(index, fault_.empty() ? "the server sent a frame that is not one" : fault_);
    return false;
  }
  if (links_[index].stage == Stage::free) return false;  // the scenario dropped it
  links_[index].in.assign(bytes.substr(used));
  return link.ssl != nullptr || static_cast<std::size_t>(got) == room;
}

std::size_t Client::unread(std::uint32_t index) const {
  int bytes = 0;
  return ::ioctl(links_[index].fd, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::size_t Client::consume(std::uint32_t index, std::string_view bytes, std::int64_t now) {
  std::size_t used = 0;
  if (links_[index].stage == Stage::upgrading) {
    used = consume_upgrade(index, bytes);
    if (used == 0 || links_[index].stage <= Stage::upgrading) return used;
  }
  const std::size_t framed =
      cut_frames(bytes.substr(used), [&](FrameKind kind, std::string_view payload) {
        if (links_[index].stage != Stage::free) on_frame(index, kind, payload, now);
      });
  return framed == std::string_view::npos ? framed : used + framed;
}

std::size_t Client::consume_upgrade(std::uint32_t index, std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  if (!bytes.starts_with("HTTP/1.1 101")) {
    fault_ = "the server did not upgrade: " + std::string(bytes.substr(0, 200));
    return end + 4;
  }
  Link& link = links_[index];
  const std::string join = dialect_.join(link.room);
  link.stage = join.empty() ? Stage::open : Stage::joining;
  if (join.empty()) {
    events_.on_open(index);
  } else {
    queue(index, client_frame(FrameKind::text, join));
  }
  return end + 4;
}

void Client::on_frame(std::uint32_t index, FrameKind kind, std::string_view payload,
                      std::int64_t now) {
  Link& link = links_[index];
  if (kind == FrameKind::ping) return queue(index, client_frame(FrameKind::pong, payload));
  if (kind == FrameKind::close) {
    fault_ = "the server closed: " + std::string(payload.size() > 2 ? payload.substr(2) : payload);
    if (payload.size() >= 2)
      fault_ += " (" +
                std::to_string(static_cast<unsigned char>(payload[0]) << 8 |
                               static_cast<unsigned char>(payload[1])) +
                ")";
    return;
  }
  if (kind == FrameKind::pong) return;
  if (kind == FrameKind::deflated) {
    const auto plain = inflater_.inflate(payload);
    if (!plain) {
      fault_ = "the server sent a message that cannot be inflated";
      return;
    }
    payload = *plain;
  }
  if (link.stage == Stage::open) return events_.on_message(index, payload, now);
  switch (dialect_.on_reply(payload)) {
    case Joined::no:
      return;
    case Joined::failed:
      fault_ = "the server refused to join: " + std::string(payload.substr(0, 300));
      return;
    case Joined::yes:
      link.stage = Stage::open;
      events_.on_open(index);
  }
}

}  // namespace tidewire::bench
