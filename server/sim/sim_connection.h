#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/timer_wheel.h"
#include "link.h"
#include "session/message_sink.h"
#include "session/outbox.h"
#include "session/session_transport.h"
#include "ws/client_frames.h"
#include "ws/endpoint.h"

namespace tidewire::sim {

/// What the connections of one simulated shard share.
struct SimConnectionParts {
  TimerWheel& timers;
  const Clock& clock;
  ServerMetrics& metrics;
  GatherScratch& scratch;
  OutboxLimits outbox_limits;
};

/// A connection without sockets: the real framing and the real outbox over a Link. It stands where
/// server/Connection stands, which needs an event loop.
///
/// Owner:  a SimShard. Life: attach(), then bytes until one side closes; finished() from then on.
class SimConnection final : public SessionTransport, public ws::EndpointEvents {
 public:
  SimConnection(const SimConnectionParts& parts, std::shared_ptr<Link> link,
                const ws::EndpointOptions& options);
  ~SimConnection() override;

  void use_form(OutboxForm& form) { outbox_.emplace(parts_.outbox_limits, form, parts_.metrics); }
  void attach(std::shared_ptr<MessageSink> sink);

  /// Reads and writes what can move now; false when nothing could.
  bool turn();
  /// The process is gone: the peer gets a reset.
  void crash();

  [[nodiscard]] bool finished() const { return finished_; }
  /// The most that ever waited in the outbox.
  [[nodiscard]] std::size_t queued_bytes_peak() const { return queued_peak_; }

  // SessionTransport
  [[nodiscard]] Outbox& outbox() override { return *outbox_; }
  void flush_soon(const BatchLimits& batch) override;
  [[nodiscard]] bool delivered() const override { return outbox_->empty() && link_->all_arrived(); }
  void close_after_flush(CloseCode code, std::string_view reason) override;
  void close_now(CloseCode code, std::string_view reason) override;

 private:
  // ws::EndpointEvents
  void on_message(ws::Opcode opcode, std::string_view payload) override;
  void on_control(ws::SharedFrame frame) override { (void)outbox_->push_control(std::move(frame)); }
  void on_pong(std::string_view /*payload*/) override {}
  void on_close(std::uint16_t code, std::string_view /*reason*/) override { leave(code); }
  void on_fail(std::uint16_t code, std::string_view /*reason*/) override { leave(code); }
  void leave(std::uint16_t code) {
    leaving_ = true;
    if (close_code_ == 0) close_code_ = code;
  }

  bool read();
  bool flush();
  void finish();

  const SimConnectionParts& parts_;
  std::shared_ptr<Link> link_;  // alive as long as this end does not know that it is dead
  std::unique_ptr<net::LoopbackStream> stream_;
  ws::Endpoint endpoint_;
  std::shared_ptr<MessageSink> sink_;
  std::optional<Outbox> outbox_;
  std::array<char, 4096 + ws::kReadablePadding> buffer_{};
  Timer window_;
  std::size_t queued_peak_ = 0;
  bool edge_ = true;
  bool due_ = true;  // a window has passed, or none was asked for
  bool leaving_ = false;
  std::uint16_t close_code_ = 0;  // of the close that came first
  ws::SharedFrame farewell_;      // our close frame, once the queue is empty
  bool finished_ = false;
};

}  // namespace tidewire::sim
