#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/epoll.h>

#include "load/dialect.h"
#include "load/frames.h"
#include "load/shared_inflater.h"

struct ssl_st;
struct ssl_ctx_st;

namespace tidewire::bench {

/// CLOCK_MONOTONIC in microseconds.
[[nodiscard]] std::int64_t now_us();

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = false;
  bool compress = false;  // offer permessage-deflate
};

enum class Stage : std::uint8_t { free, connecting, securing, upgrading, joining, open };

struct Link {
  int fd = -1;
  Stage stage = Stage::free;
  bool held = false;  // nothing is read but by read_held()
  std::uint32_t room = 0;
  std::uint64_t next_sequence = 0;  // what the next stamp must say
  std::uint64_t last_offset = 0;    // of the newest message, where messages have one
  ssl_st* ssl = nullptr;
  std::string in;   // the beginning of a frame
  std::string out;  // what the socket had no room for
};

/// What the scenarios hear. `now` is read once a read, not once a message.
class ClientEvents {
 public:
  virtual ~ClientEvents() = default;
  virtual void on_open(std::uint32_t link) = 0;
  virtual void on_message(std::uint32_t link, std::string_view payload, std::int64_t now) = 0;
  /// Refused, failed or ended; the link is free again.
  virtual void on_lost(std::uint32_t link, const std::string& why) = 0;
};

/// Many WebSocket client connections on one thread and one edge-triggered epoll set.
class Client {
 public:
  Client(Target target, const Dialect& dialect, ClientEvents& events);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Makes room for `count` links, all free.
  void resize(std::size_t count) { links_.resize(count); }
  [[nodiscard]] Link& link(std::uint32_t index) { return links_[index]; }

  /// `receive_buffer` limits what the kernel takes for a link that is not read; 0: its default.
  void connect(std::uint32_t index, std::uint32_t room, int receive_buffer = 0);
  /// Ends a link with a reset, which leaves no port in TIME_WAIT.
  void drop(std::uint32_t index);
  /// Queues a frame; flush() or the next wait() sends it.
  void queue(std::uint32_t index, std::string_view frame);
  void flush();
  /// From now on the link is a slow reader: only read_held() reads from it, also its end.
  void hold(std::uint32_t index) { links_[index].held = true; }
  /// Reads at most `bytes` of a held link, at least one.
  void read_held(std::uint32_t index, std::size_t bytes) { (void)read_once(index, bytes); }
  /// Bytes that have arrived for the link and were not read.
  [[nodiscard]] std::size_t unread(std::uint32_t index) const;
  /// Whether the server has sent any compressed message.
  [[nodiscard]] bool compressed() const { return inflater_.used(); }
  /// Handles what is ready, after at most `timeout_ms`. Meanwhile it asks again and again: to wake
  /// a client that sleeps would cost the server time, on loopback only and only the slower one.
  void wait(int timeout_ms);
  /// From now on wait() sleeps.
  void sleep_when_idle() { spins_ = false; }
  /// Time that wait() has spent with nothing to do.
  [[nodiscard]] std::int64_t idle_us() const { return idle_us_; }

 private:
  void lose(std::uint32_t index, const std::string& why);
  void on_ready(std::uint32_t index, std::uint32_t bits);
  [[nodiscard]] bool secure(std::uint32_t index);
  void read_all(std::uint32_t index);
  bool read_once(std::uint32_t index, std::size_t limit);
  std::size_t consume(std::uint32_t index, std::string_view bytes, std::int64_t now);
  std::size_t consume_upgrade(std::uint32_t index, std::string_view bytes);
  void on_frame(std::uint32_t index, FrameKind kind, std::string_view payload, std::int64_t now);
  void send_out(std::uint32_t index);
  [[nodiscard]] long read_some(Link& link, char* buffer, std::size_t size);
  [[nodiscard]] long write_some(Link& link, std::string_view bytes);

  Target target_;
  const Dialect& dialect_;
  ClientEvents& events_;
  int epoll_;
  bool spins_ = true;
  std::int64_t idle_us_ = 0;
  ssl_ctx_st* tls_ = nullptr;
  std::vector<Link> links_;
  std::vector<std::uint32_t> dirty_;
  std::vector<char> buffer_;
  SharedInflater inflater_;
  std::string fault_;
};

}  // namespace tidewire::bench
