#pragma once

#include <cstddef>
#include <list>
#include <memory>

#include "net/shard.h"
#include "net/stream.h"

namespace tidewire::net {

struct LingerLimits {
  MonoMillis wait_ms = 2'000;                // for the peer's end
  std::size_t input_bytes_max = 16'777'216;  // of the peer's late input, thrown away
  std::size_t streams_max = 4'096;           // past it the oldest is closed at once
};

/// Streams whose last bytes are on their way. Closing a socket with unread input sends a reset,
/// and a reset destroys the close frame in the peer's receive buffer (RFC 6455 section 7.1.1), or
/// the answer to a request whose body was refused before its end (RFC 9112 section 9.6); so a
/// finished stream is shut down, its input is thrown away until the peer ends it or a limit is
/// reached, and only then is it closed.
///
/// Owner:  the server's per-shard object. Destroying it closes everything at once.
/// Thread: the shard's.
class LingeringStreams {
 public:
  explicit LingeringStreams(Shard& shard, LingerLimits limits = {});
  ~LingeringStreams();
  LingeringStreams(const LingeringStreams&) = delete;
  LingeringStreams& operator=(const LingeringStreams&) = delete;

  /// Takes a stream that its connection has flushed and unwatched.
  void add(std::unique_ptr<Stream> stream);
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  class Lingering;

  void finish(Lingering& lingering);

  Shard& shard_;
  const LingerLimits limits_;
  std::list<std::unique_ptr<Lingering>> streams_;
};

}  // namespace tidewire::net
