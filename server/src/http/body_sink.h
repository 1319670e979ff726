#pragma once

#include <string_view>

namespace tidewire::http {

/// Takes the body of one request as it arrives, for endpoints that do not wait for its end.
///
/// Owner:  the HTTP connection. Thread: its shard's.
/// Order:  take() for each part, then end() or abort(), once. The answer may come at any time; when
///         it comes before end(), the rest of the body is not read and the connection closes.
class BodySink {
 public:
  virtual ~BodySink() = default;

  /// A part of the body, chunks already undone. False: no more, please, until the connection's
  /// `resume` is called; what the peer sends meanwhile waits in the socket.
  [[nodiscard]] virtual bool take(std::string_view bytes) = 0;
  /// The body is whole.
  virtual void end() = 0;
  /// The connection broke or was silent for too long: no answer will reach the peer.
  virtual void abort() = 0;
};

}  // namespace tidewire::http
