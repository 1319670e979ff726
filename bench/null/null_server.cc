/// null_server: what this machine can do when a WebSocket server does nothing but its job.
///
/// A hand-written epoll loop on one thread: no limits, no validation, no timers, no other opcodes
/// than text and close. A message at /echo comes back; a message at /room/N reaches everybody at
/// /room/N, the sender included. What one turn of the loop produces for a connection leaves in one
/// send. Other servers are read as a fraction of this one.
///
/// usage: null_server PORT
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct Room;

struct Peer {
  int fd = -1;
  bool upgraded = false;
  Room* room = nullptr;   // nullptr: echo
  std::size_t place = 0;  // in the room's members
  std::string in;
  std::string out;
};

struct Room {
  std::vector<Peer*> members;
  std::string turn;  // the frames that this turn produced
};

/// The number at the beginning of `text`; 0 when there is none.
std::uint32_t to_number(std::string_view text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string accept_key(std::string_view head) {
  constexpr std::string_view kName = "Sec-WebSocket-Key: ";
  const std::size_t at = head.find(kName);
  if (at == std::string_view::npos) return {};
  std::string text(head.substr(at + kName.size(), 24));
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
  std::array<unsigned char, 20> digest;
  ::EVP_Digest(text.data(), text.size(), digest.data(), nullptr, ::EVP_sha1(), nullptr);
  std::array<unsigned char, 29> encoded;
  ::EVP_EncodeBlock(encoded.data(), digest.data(), digest.size());
  return reinterpret_cast<const char*>(encoded.data());
}

void append_frame(std::string& out, std::string_view payload) {
  out += static_cast<char>(0x81);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    const bool wide = payload.size() > 0xffff;
    out += static_cast<char>(wide ? 127 : 126);
    for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8)
      out += static_cast<char>(payload.size() >> shift);
  }
  out += payload;
}

class Server {
 public:
  explicit Server(std::uint16_t port) : buffer_(256 << 10) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 4096) != 0) {
      std::cerr << "null_server: port " << port << ": " << std::strerror(errno) << "\n";
      std::exit(1);
    }
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 1024> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        auto* peer = static_cast<Peer*>(events[i].data.ptr);
        if (peer == nullptr) {
          accept_all();
          continue;
        }
        if ((events[i].events & EPOLLOUT) != 0) send_out(*peer);
        const bool ended = (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        if (ended || (events[i].events & EPOLLIN) != 0) read_all(*peer, ended);
      }
      end_turn();
    }
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      if (static_cast<std::size_t>(fd) >= peers_.size()) peers_.resize(fd + 1);
      peers_[fd] = std::make_unique<Peer>();
      peers_[fd]->fd = fd;
      epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                        .data = {.ptr = peers_[fd].get()}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }
  }

  /// A short read means that the socket is drained, unless its end waits behind the data.
  void read_all(Peer& peer, bool ended) {
    if (peer.fd < 0) return;
    for (;;) {
      const std::size_t kept = peer.in.size();
      std::memcpy(buffer_.data(), peer.in.data(), kept);
      const std::size_t room = buffer_.size() - kept;
      const ssize_t got = ::recv(peer.fd, buffer_.data() + kept, room, 0);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return close(peer);
      const std::size_t size = kept + static_cast<std::size_t>(got);
      const std::size_t used = consume(peer, buffer_.data(), size);
      if (peer.fd < 0) return;
      peer.in.assign(buffer_.data() + used, size - used);
      if (!ended && static_cast<std::size_t>(got) < room) return;
    }
  }

  std::size_t consume(Peer& peer, char* bytes, std::size_t size) {
    std::size_t used = 0;
    if (!peer.upgraded) {
      used = upgrade(peer, {bytes, size});
      if (used == 0) return 0;
    }
    while (size - used >= 6) {
      char* frame = bytes + used;
      std::size_t length = static_cast<unsigned char>(frame[1]) & 127;
      std::size_t header = 2;
      if (length >= 126) {
        header = length == 126 ? 4 : 10;
        if (size - used < header + 4) break;
        length = 0;
        for (std::size_t i = 2; i < header; ++i)
          length = length << 8 | static_cast<unsigned char>(frame[i]);
      }
      if (size - used < header + 4 + length) break;
      if ((frame[0] & 15) == 8) {
        close(peer);
        return size;
      }
      on_message(peer, frame + header, length);
      used += header + 4 + length;
    }
    return used;
  }

  /// `frame` points at the mask key.
  void on_message(Peer& peer, char* frame, std::size_t length) {
    char* payload = frame + 4;
    for (std::size_t i = 0; i < length; ++i)
      payload[i] = static_cast<char>(payload[i] ^ frame[i & 3]);
    if (peer.room != nullptr) {
      if (peer.room->turn.empty()) dirty_rooms_.push_back(peer.room);
      append_frame(peer.room->turn, {payload, length});
    } else {
      if (peer.out.empty()) dirty_peers_.push_back(&peer);
      append_frame(peer.out, {payload, length});
    }
  }

  std::size_t upgrade(Peer& peer, std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    peer.upgraded = true;
    if (bytes.starts_with("GET /room/")) {
      const std::uint32_t number = to_number(bytes.substr(10));
      auto& room = rooms_[number];
      if (!room) room = std::make_unique<Room>();
      peer.room = room.get();
      peer.place = room->members.size();
      room->members.push_back(&peer);
    }
    if (peer.out.empty()) dirty_peers_.push_back(&peer);
    peer.out +=
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(bytes) + "\r\n\r\n";
    return end + 4;
  }

  void send_out(Peer& peer) {
    if (peer.fd < 0 || peer.out.empty()) return;
    const ssize_t sent = ::send(peer.fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    if (sent > 0) peer.out.erase(0, static_cast<std::size_t>(sent));
  }

  void end_turn() {
    for (Room* room : dirty_rooms_) {
      for (Peer* peer : room->members) send_turn(*peer, room->turn);
      room->turn.clear();
    }
    dirty_rooms_.clear();
    for (Peer* peer : dirty_peers_) send_out(*peer);
    dirty_peers_.clear();
    closed_.clear();
  }

  static void send_turn(Peer& peer, std::string_view turn) {
    ssize_t sent = 0;
    if (peer.out.empty())
      sent = std::max<ssize_t>(::send(peer.fd, turn.data(), turn.size(), MSG_NOSIGNAL), 0);
    peer.out += turn.substr(static_cast<std::size_t>(sent));
  }

  /// The peer lives until the turn ends: the turn's lists may point at it.
  void close(Peer& peer) {
    closed_.push_back(std::move(peers_[peer.fd]));
    ::close(std::exchange(peer.fd, -1));
    if (peer.room != nullptr) {
      Peer* last = peer.room->members.back();
      last->place = peer.place;
      peer.room->members[peer.place] = last;
      peer.room->members.pop_back();
    }
  }

  int epoll_ = ::epoll_create1(0);
  int listener_ = -1;
  std::vector<char> buffer_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Room>> rooms_;
  std::vector<Room*> dirty_rooms_;
  std::vector<Peer*> dirty_peers_;
  std::vector<std::unique_ptr<Peer>> peers_;  // by descriptor
  std::vector<std::unique_ptr<Peer>> closed_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: null_server PORT\n";
    return 2;
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  Server(static_cast<std::uint16_t>(to_number(argv[1]))).run();
}
