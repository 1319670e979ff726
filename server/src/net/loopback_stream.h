#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "net/stream.h"

namespace tidewire::net {

/// One end of an in-memory stream, for tests and the simulation: no descriptor, no kernel, and
/// every fault a socket can show on demand.
///
/// Owner:  the test. The two ends may go in any order; what was written stays readable.
/// Thread: one.
class LoopbackStream final : public Stream {
 public:
  using Pair = std::pair<std::unique_ptr<LoopbackStream>, std::unique_ptr<LoopbackStream>>;
  /// `capacity_bytes` is what one direction holds before its writer would block.
  static Pair make_pair(std::size_t capacity_bytes = 65'536);
  ~LoopbackStream() override;

  [[nodiscard]] IoResult read(std::span<char> buffer) override;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) override;
  void shutdown() override;
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] const SocketAddress& peer_address() const override { return peer_; }
  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] std::string last_error() const override { return "injected error"; }

  // Faults of this end.

  /// Every call answers would_block while set.
  void block_reads(bool blocked) { reads_blocked_ = blocked; }
  void block_writes(bool blocked) { writes_blocked_ = blocked; }
  /// At most this many bytes a call: every split of the input, or short writes.
  void limit_read(std::size_t bytes) { read_bytes_max_ = bytes; }
  void limit_write(std::size_t bytes) { write_bytes_max_ = bytes; }
  /// Both directions answer `error` from now on, at both ends: a reset.
  void break_stream();

  /// Everything that waits to be read at this end.
  [[nodiscard]] std::string read_all();
  [[nodiscard]] std::size_t readable_bytes() const;
  /// Called when the peer wrote, read, shut down or broke: the edge that epoll would tell.
  void on_edge(std::function<void()> edge);

 private:
  struct Pipe;

  LoopbackStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out);

  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  SocketAddress peer_;
  bool reads_blocked_ = false;
  bool writes_blocked_ = false;
  std::size_t read_bytes_max_ = static_cast<std::size_t>(-1);
  std::size_t write_bytes_max_ = static_cast<std::size_t>(-1);
};

}  // namespace tidewire::net
