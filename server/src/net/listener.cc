#include "net/listener.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/shard_pool.h"

namespace tidewire::net {
namespace {

constexpr std::size_t kRefusalsPerRest = 256;
/// What the kernel holds of a connection beyond what is in flight. More would only hide a backlog
/// from the one place that can reorder it, the send queue.
constexpr int kUnsentBytesMax = 16 * 1024;

std::unexpected<std::string> failed(const SocketAddress& address) {
  return std::unexpected("cannot listen on " + address.to_string() + ": " + std::strerror(errno));
}

UniqueFd open_reserve() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

UniqueFd make_socket(const SocketAddress& address) {
  UniqueFd socket(::socket(address.is_ipv6() ? AF_INET6 : AF_INET,
                           SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket;
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // "::" takes both families, whatever the system's default says.
  if (address.is_ipv6()) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  // Accepted sockets inherit it, which saves a call per connection.
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax,
               sizeof kUnsentBytesMax);
  return socket;
}

bool bind_to(int socket, const SocketAddress& address) {
  sockaddr_storage storage;
  const socklen_t length = address.to(storage);
  return ::bind(socket, reinterpret_cast<const sockaddr*>(&storage), length) == 0;
}

/// A socket without SO_REUSEPORT is refused an address on which anybody listens.
bool in_use(const SocketAddress& address) {
  const UniqueFd probe = make_socket(address);
  return probe && !bind_to(probe.get(), address) && errno == EADDRINUSE;
}

std::expected<SocketAddress, int> bound_address(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return std::unexpected(errno);
  return SocketAddress::from(storage);
}

}  // namespace

std::expected<std::unique_ptr<Listener>, std::string> Listener::open(Shard& shard,
                                                                     const SocketAddress& address,
                                                                     ListenerEvents& events,
                                                                     ListenerOptions options) {
  if (options.exclusive && address.port() != 0 && in_use(address)) {
    errno = EADDRINUSE;
    return failed(address);
  }
  UniqueFd socket = make_socket(address);
  if (!socket) {
    // A machine without IPv6 can still serve "every address".
    const auto every_ipv4 = SocketAddress::parse("0.0.0.0:0")->with_port(address.port());
    if (errno == EAFNOSUPPORT && address.is_any() && address.is_ipv6())
      return open(shard, every_ipv4, events, options);
    return failed(address);
  }
  const int on = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
      !bind_to(socket.get(), address) || ::listen(socket.get(), options.backlog) != 0)
    return failed(address);
  const auto bound = bound_address(socket.get());
  if (!bound) return failed(address);
  const int fd = socket.get();
  std::unique_ptr<Listener> listener(new Listener(shard, std::move(socket), *bound, events));
  if (!shard.watch(fd, *listener)) return failed(address);
  return listener;
}

Listener::Listener(Shard& shard, UniqueFd socket, const SocketAddress& address,
                   ListenerEvents& events)
    : shard_(shard),
      socket_(std::move(socket)),
      address_(address),
      events_(events),
      reserve_(open_reserve()),
      retry_(
          [](void* self) {
            static_cast<Listener*>(self)->resting_ = false;
            static_cast<Listener*>(self)->accept_batch();
          },
          this) {}

Listener::~Listener() { close(); }

void Listener::pause() { paused_ = true; }

void Listener::resume() {
  if (!paused_) return;
  paused_ = false;
  shard_.again(*this);  // the edges of the pause are gone
}

void Listener::close() {
  retry_.cancel();
  shard_.unwatch(*this);
  socket_.reset();
}

void Listener::on_ready(bool readable, bool /*writable*/) {
  if (readable) accept_batch();
}

void Listener::accept_batch() {
  for (std::size_t i = 0; i < kAcceptsPerTurn; ++i) {
    if (!accepting() || resting_) return;
    if (!accept_one()) return;
  }
  if (accepting()) shard_.again(*this);
}

/// Answers whether there may be more.
bool Listener::accept_one() {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  const int fd = ::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    events_.on_accept(UniqueFd(fd), SocketAddress::from(storage));
    return true;
  }
  switch (errno) {
    case EAGAIN:
      return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      exhausted(errno);
      return false;
    default:
      return true;  // that one connection failed while it waited (accept(2), "Error handling")
  }
}

void Listener::exhausted(int error) {
  resting_ = true;
  shard_.timers().schedule(retry_, shard_.clock().mono_ms() + kRetryMs);
  events_.on_exhausted(error, refuse_waiting());
}

std::size_t Listener::refuse_waiting() {
  std::size_t refused = 0;
  reserve_.reset();
  while (refused < kRefusalsPerRest) {
    const UniqueFd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) break;
    ++refused;
  }
  reserve_ = open_reserve();
  return refused;
}

std::expected<std::vector<std::unique_ptr<Listener>>, std::string> listen_on_every_shard(
    ShardPool& pool, const SocketAddress& address,
    const std::function<ListenerEvents&(std::size_t shard)>& events, ListenerOptions options) {
  std::vector<std::unique_ptr<Listener>> listeners;
  SocketAddress bound = address;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    auto listener = Listener::open(pool.shard(i), bound, events(i), options);
    if (!listener) return std::unexpected(listener.error());
    bound = (*listener)->address();
    options.exclusive = false;
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

}  // namespace tidewire::net
