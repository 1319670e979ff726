#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidewire {

/// Who gets what arrives on a WebSocket connection: a Session, or an echo.
///
/// Thread: the connection's shard.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  /// Once, when messages may be sent.
  virtual void open() = 0;
  /// A whole message; 64 readable bytes follow it.
  virtual void on_message(bool binary, std::string_view message) = 0;
  /// Bytes arrived, whatever they were: the peer lives.
  virtual void on_activity(std::size_t bytes) = 0;
  virtual void on_sent(std::size_t bytes) = 0;
  /// The connection has ended; nothing can be sent any more. Called once, with the code of the
  /// close that came first, from either side; 0: it broke.
  virtual void closed(std::uint16_t close_code) = 0;
};

}  // namespace tidewire
