#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/timer_wheel.h"
#include "net/flushable.h"
#include "net/pollable.h"
#include "net/stream.h"
#include "server/batch_window.h"
#include "server/connection_parts.h"
#include "session/message_sink.h"
#include "session/outbox.h"
#include "session/session_transport.h"
#include "ws/endpoint.h"

namespace tidewire {

/// A WebSocket connection: one stream, the framing on it, and the frames that wait to leave.
///
/// Owner:  its shard's ConnectionTable, which destroys it after the turn in which it ended.
/// Thread: the shard's.
/// Life:   attach() a sink, start(), then bytes until one side closes. Ending is graceful where
///         the peer lets it: what is queued, the close frame, the peer's close frame, FIN.
/// Limits: a peer that does not take its close frame, or leaves a message half sent, is cut after
///         kCloseMs and kPartialMs.
class Connection : public net::Pollable,
                   public net::Flushable,
                   public ws::EndpointEvents,
                   public SessionTransport {
 public:
  static constexpr MonoMillis kCloseMs = 2'000;
  static constexpr MonoMillis kPartialMs = 30'000;

  Connection(const ConnectionParts& parts, std::unique_ptr<net::Stream> stream,
             const ws::EndpointOptions& endpoint);
  ~Connection() override;

  /// Before start(). The sink may use this connection as its transport from now on.
  void attach(std::shared_ptr<MessageSink> sink) { sink_ = std::move(sink); }

  /// The form of this connection's outbox; before attach().
  void use_form(OutboxForm& form) { outbox_.emplace(parts_.outbox_limits, form, parts_.metrics); }

  /// Writes `prelude` (the 101 response) first and takes `pending`, what the client sent behind
  /// its request.
  void start(std::string prelude, std::span<const char> pending);

  /// Ends at once, without a close frame.
  void abort();

  // SessionTransport
  [[nodiscard]] Outbox& outbox() override { return *outbox_; }
  void flush_soon(const BatchLimits& batch) override;
  [[nodiscard]] bool delivered() const override;
  void close_after_flush(CloseCode code, std::string_view reason) override;
  void close_now(CloseCode code, std::string_view reason) override;

  [[nodiscard]] ws::Endpoint& endpoint() { return endpoint_; }
  [[nodiscard]] bool is_tls() const { return stream_->is_tls(); }

 protected:
  [[nodiscard]] const ConnectionParts& parts() const { return parts_; }

 private:
  // net::Pollable, net::Flushable
  void on_ready(bool readable, bool writable) override;
  void on_turn_end() override;
  // ws::EndpointEvents
  void on_message(ws::Opcode opcode, std::string_view payload) override;
  void on_control(ws::SharedFrame frame) override;
  void on_pong(std::string_view payload) override;
  void on_close(std::uint16_t code, std::string_view reason) override;
  void on_fail(std::uint16_t code, std::string_view reason) override;

  void read();
  void receive(std::span<char> bytes);
  void watch_partial();
  void wake_in(MonoMillis ms);
  bool write_prelude();
  bool write_unsent();
  bool write_once();
  void flush();
  void begin_close_deadline();
  void on_timer();
  void finish(bool clean);

  const ConnectionParts& parts_;
  std::unique_ptr<net::Stream> stream_;
  ws::Endpoint endpoint_;
  std::shared_ptr<MessageSink> sink_;
  std::optional<Outbox> outbox_;
  std::unique_ptr<std::string> prelude_;       // bytes of the 101 that are still to be written
  std::unique_ptr<ws::SharedFrame> farewell_;  // our close frame, once the queue is empty
  std::unique_ptr<BatchWindow> window_;        // once events came that may wait for others
  std::unique_ptr<Timer> timer_;               // the close deadline, or that of a partial message
  std::uint16_t close_code_ = 0;               // for the counts; 0: the peer just vanished
  bool closed_by_peer_ = false;
  bool write_blocked_ = false;
  bool peer_done_ = false;  // the peer's close frame has come, or none will
  bool said_close_ = false;
  bool finished_ = false;
};

}  // namespace tidewire
