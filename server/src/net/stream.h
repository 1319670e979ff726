#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <sys/uio.h>

#include "net/socket_address.h"
#include "net/unique_fd.h"

namespace tidewire::net {

enum class IoStatus {
  ok,           // `bytes` were moved, at least one
  would_block,  // nothing can move now; an edge will come
  closed,       // the peer finished (read), or this side did (write)
  error,        // the stream is broken; last_error() says why
};

struct IoResult {
  std::size_t bytes = 0;
  IoStatus status = IoStatus::ok;
};

/// A two-way stream of bytes that never blocks. For TLS the handshake happens inside read and
/// write; the caller sees would_block until it is done.
///
/// Owner:  one connection. Thread: its shard's.
/// Edges:  read() == ok with fewer bytes than the buffer holds: drained, the next edge tells of
///         more (unless Pollable::hung_up(): then read on until `closed`).
///         write() == ok with fewer bytes than given: full, the writable edge tells of room.
class Stream {
 public:
  virtual ~Stream() = default;

  [[nodiscard]] virtual IoResult read(std::span<char> buffer) = 0;
  /// Gathers `parts` into as few packets (or TLS records) as possible. An empty span only pushes
  /// out what has_unsent() reports.
  [[nodiscard]] virtual IoResult write(std::span<const iovec> parts) = 0;

  /// Bytes that write() took but the kernel has not (a TLS record cut off by a full socket): call
  /// write({}) on the next writable edge even if there is nothing more to say.
  [[nodiscard]] virtual bool has_unsent() const { return false; }
  /// The last read() stopped because the socket is full (TLS handshake): treat the next writable
  /// edge as readable.
  [[nodiscard]] virtual bool read_wants_write() const { return false; }

  /// Says that nothing more will be written: close_notify for TLS, then FIN. What was written
  /// before still arrives, provided that the socket is not closed with input unread: hand the
  /// stream to LingeringStreams.
  virtual void shutdown() = 0;

  /// -1 for a stream without a descriptor.
  [[nodiscard]] virtual int fd() const = 0;
  [[nodiscard]] virtual const SocketAddress& peer_address() const = 0;
  [[nodiscard]] virtual bool is_tls() const = 0;
  /// Why the last call answered `error`; for a log line.
  [[nodiscard]] virtual std::string last_error() const = 0;
};

/// Whether the peer's machine has confirmed all that was written to the socket; true without one.
[[nodiscard]] bool all_acknowledged(int fd);

/// A TCP socket as it is.
class TcpStream final : public Stream {
 public:
  TcpStream(UniqueFd socket, const SocketAddress& peer) : socket_(std::move(socket)), peer_(peer) {}

  [[nodiscard]] IoResult read(std::span<char> buffer) override;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) override;
  void shutdown() override;
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] const SocketAddress& peer_address() const override { return peer_; }
  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] std::string last_error() const override;

 private:
  UniqueFd socket_;
  SocketAddress peer_;
  int error_ = 0;
};

}  // namespace tidewire::net
