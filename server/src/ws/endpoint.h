#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "ws/close_code.h"
#include "ws/deflate_params.h"
#include "ws/frame_header.h"
#include "ws/opcode.h"
#include "ws/shared_frame.h"

namespace tidewire::ws {

class Deflater;
class DeflateScratch;
class Inflater;
struct Assembly;

/// A message is followed by this many readable bytes (simdjson reads ahead).
inline constexpr std::size_t kReadablePadding = 64;
/// What each fragment after the first is charged in addition to its payload, so that a flood of
/// tiny or empty fragments reaches the message limit.
inline constexpr std::size_t kFragmentOverhead = 16;

struct EndpointOptions {
  /// After inflating; fragments and their overhead. This and the next: below 4 GiB.
  std::size_t message_bytes_max = std::size_t{64} * 1024;
  std::size_t frame_bytes_max = std::size_t{64} * 1024;  // payload of one frame
  std::uint32_t fragments_max = 1024;                    // frames of one message
  std::optional<DeflateParams> deflate;                  // as negotiated by the handshake
};

/// What an Endpoint reports. Views are valid during the call only. An implementation may call
/// shutdown() and close_frame(), and must neither call receive() nor destroy the endpoint.
class EndpointEvents {
 public:
  virtual ~EndpointEvents() = default;
  /// A whole text (checked UTF-8) or binary message; kReadablePadding readable bytes follow it.
  virtual void on_message(Opcode opcode, std::string_view payload) = 0;
  /// A pong or close answer to send, in this order.
  virtual void on_control(SharedFrame frame) = 0;
  virtual void on_pong(std::string_view payload) = 0;
  /// The peer's valid Close arrived: once both sides said it, the server closes the socket at once.
  /// An empty body is reported as kCloseNoStatus. Nothing is reported afterwards.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
  /// The peer broke a rule; the Close frame that says so has been given to on_control() already
  /// (unless one was sent before). Nothing is reported afterwards.
  virtual void on_fail(std::uint16_t code, std::string_view reason) = 0;
};

/// The server's side of one WebSocket connection after the handshake: bytes in, events out.
///
/// Owner:  one connection. Thread: that connection's shard.
/// Memory: at most 256 bytes while idle; a buffer for a partly received frame or message exists
///         only as long as it is needed, and grows with the bytes received, not announced.
/// Limits: EndpointOptions; what exceeds them is refused with 1009 on the frame's header, before
///         its payload arrives. It keeps no time: the owner limits how long idle() may stay false.
/// Errors: 1002 for broken framing, 1007 for text that is not UTF-8 (at its first bad byte) and for
///         broken compression, 1009 for too much.
/// Source: RFC 6455 sections 5-8, RFC 7692.
class Endpoint {
 public:
  /// `scratch` is the shard's and outlives the endpoint; needed only when `options.deflate` is set.
  explicit Endpoint(const EndpointOptions& options, DeflateScratch* scratch = nullptr);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Takes what was read from the socket, in any split. The bytes are unmasked in place, and a
  /// message that arrived whole is reported as a view into them, without a copy; the caller
  /// therefore guarantees kReadablePadding readable bytes after `bytes`.
  /// A long run of pings within one call is answered by its first few and its last
  /// (RFC 6455 section 5.5.3 allows answering only the latest).
  void receive(std::span<char> bytes, EndpointEvents& events);

  /// The Close frame to send, once: afterwards messages and pings are not reported any more, only
  /// the peer's Close or failure. Empty when a Close was already sent or received. `reason` is cut
  /// at a code point to 123 bytes; a code that may not be sent becomes 1011.
  [[nodiscard]] SharedFrame close_frame(std::uint16_t code, std::string_view reason);

  /// The frame as this connection should get it: compressed if that was agreed and pays off.
  /// With context takeover the result depends on all frames before it, so it must be called in the
  /// order of sending and the result must be sent; without, the same frame serves every connection
  /// (see compressed()).
  [[nodiscard]] SharedFrame outgoing(const SharedFrame& frame);

  /// Stops: receive() returns after the current callback and ignores everything from now on.
  void shutdown() { stopped_ = true; }

  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] bool close_sent() const { return close_sent_; }
  /// False while a frame or a fragmented message is only partly received.
  [[nodiscard]] bool idle() const { return header_have_ == 0 && !in_frame_ && !in_message_; }
  /// Bytes held for a partly received message.
  [[nodiscard]] std::size_t buffered_bytes() const;
  [[nodiscard]] const std::optional<DeflateParams>& deflate() const { return deflate_; }

 private:
  struct Turn;

  bool take_header(std::span<char>& bytes, Turn& turn);
  bool begin_frame(Turn& turn);
  void take_payload(std::span<char>& bytes, Turn& turn);
  void take_control(std::string_view piece, Turn& turn);
  void take_data(std::string_view piece, Turn& turn);
  void finish_message(Turn& turn);
  void deliver(std::string_view payload, bool checked, Turn& turn);
  void report_message(std::string_view payload, bool checked, Turn& turn);
  std::optional<std::string_view> inflate(std::string_view payload, Turn& turn);
  void handle_control(std::string_view payload, Turn& turn);
  void handle_close(std::string_view payload, Turn& turn);
  void fail(std::uint16_t code, std::string_view reason, Turn& turn);
  Assembly& assembly();

  DeflateScratch* scratch_;
  std::unique_ptr<Assembly> assembly_;
  std::unique_ptr<Inflater> inflater_;  // only with the client's context takeover
  std::unique_ptr<Deflater> deflater_;  // only with ours
  std::uint64_t remaining_ = 0;         // payload bytes of the current frame still to come
  FrameHeader frame_;                   // valid while in_frame_
  std::uint32_t message_bytes_max_;     // as EndpointOptions has them: every connection has these
  std::uint32_t frame_bytes_max_;
  std::uint32_t fragments_max_;
  std::uint32_t fragments_ = 0;  // frames of the current message so far
  std::optional<DeflateParams> deflate_;
  Opcode message_opcode_ = Opcode::text;
  std::array<char, kClientHeaderBytesMax> header_{};
  std::uint8_t header_have_ = 0;
  bool message_compressed_ = false;
  bool in_frame_ = false;
  bool in_message_ = false;
  bool close_sent_ = false;
  bool stopped_ = false;
};

static_assert(sizeof(Endpoint) <= 256);

}  // namespace tidewire::ws
