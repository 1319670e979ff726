#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/loopback_stream.h"
#include "random.h"
#include "schedule.h"

namespace tidewire::sim {

/// How a network behaves while it works.
struct LinkShape {
  std::int64_t latency_ms_min = 1;
  std::int64_t latency_ms_max = 40;
  std::size_t buffer_bytes = 16 * 1024;   // what waits in the server's socket
  std::size_t client_bytes_per_ms = 512;  // what the client takes
};

/// The network between one client and the server: bytes in order with latency, a bounded buffer,
/// and the faults of both.
///
/// Owner:  shared by the client and the events that are under way.
/// Faults: cut() (both ends learn), fall_silent() (nobody learns: half-open), stall() (the client
///         takes nothing for a while).
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Schedule& schedule, Random& random, const LinkShape& shape);

  /// The server's end, once.
  [[nodiscard]] std::unique_ptr<net::LoopbackStream> take_server_end() {
    return std::move(server_end_);
  }

  /// Who gets what the server sends, and learns that the connection has ended; once.
  void listen(std::function<void(std::string)> on_bytes, std::function<void()> on_end);
  void send(std::string bytes);
  /// The client ends the connection in order.
  void finish();

  void cut();
  void fall_silent() { silent_ = true; }
  void stall(std::int64_t ms);
  [[nodiscard]] bool ended() const { return ended_; }
  /// Everything that the server sent has reached the client: what SIOCOUTQ tells of a socket.
  [[nodiscard]] bool all_arrived() const {
    return under_way_ == 0 && net_end_->readable_bytes() == 0;
  }

 private:
  void pump();
  void plan_pump(std::int64_t ms);
  void write_upstream();
  void end();
  [[nodiscard]] std::int64_t arrival(MonoMillis& last);

  Schedule& schedule_;
  Random& random_;
  LinkShape shape_;
  std::unique_ptr<net::LoopbackStream> server_end_;
  std::unique_ptr<net::LoopbackStream> net_end_;
  std::function<void(std::string)> on_bytes_;
  std::function<void()> on_end_;
  std::string upstream_;
  std::size_t under_way_ = 0;  // bytes to the client that may never come
  MonoMillis last_down_ = 0;
  MonoMillis last_up_ = 0;
  MonoMillis stalled_until_ = 0;
  bool pump_planned_ = false;
  bool finishing_ = false;
  bool silent_ = false;
  bool ended_ = false;
};

}  // namespace tidewire::sim
