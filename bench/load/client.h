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

struct ssl_st;
struct ssl_ctx_st;

namespace tidewire::bench {

/// CLOCK_MONOTONIC in microseconds.
[[nodiscard]] std::int64_t now_us();

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = false;
};

enum class Stage : std::uint8_t { free, connecting, securing, upgrading, joining, open };

struct Link {
  int fd = -1;
  Stage stage = Stage::free;
  std::uint32_t room = 0;
  std::uint64_t next_sequence = 0;  // what the next stamp must say
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

  void connect(std::uint32_t index, std::uint32_t room);
  /// Ends a link with a reset, which leaves no port in TIME_WAIT.
  void drop(std::uint32_t index);
  /// Queues a frame; flush() or the next wait() sends it.
  void queue(std::uint32_t index, std::string_view frame);
  void flush();
  /// Handles what is ready, after at most `timeout_ms`.
  void wait(int timeout_ms);

 private:
  void lose(std::uint32_t index, const std::string& why);
  void on_ready(std::uint32_t index, std::uint32_t bits);
  [[nodiscard]] bool secure(std::uint32_t index);
  void read_all(std::uint32_t index);
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
  ssl_ctx_st* tls_ = nullptr;
  std::vector<Link> links_;
  std::vector<std::uint32_t> dirty_;
  std::vector<char> buffer_;
  std::string fault_;
};

}  // namespace tidewire::bench
