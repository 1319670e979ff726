#include "sim_connection.h"

#include <algorithm>
#include <utility>

namespace tidewire::sim {

SimConnection::SimConnection(const SimConnectionParts& parts, std::shared_ptr<Link> link,
                             const ws::EndpointOptions& options)
    : parts_(parts),
      link_(std::move(link)),
      stream_(link_->take_server_end()),
      endpoint_(options),
      window_([](void* self) { static_cast<SimConnection*>(self)->due_ = true; }, this) {
  stream_->on_edge([this] { edge_ = true; });
}

SimConnection::~SimConnection() {
  stream_->on_edge(nullptr);
  if (sink_) sink_->closed(close_code_);
}

void SimConnection::attach(std::shared_ptr<MessageSink> sink) {
  sink_ = std::move(sink);
  sink_->open();
}

bool SimConnection::turn() {
  if (finished_) return false;
  queued_peak_ = std::max(queued_peak_, outbox_->queued_bytes());
  bool moved = false;
  if (std::exchange(edge_, false)) {
    due_ = true;
    moved = read();
  }
  if (!finished_ && std::exchange(due_, false)) moved = flush() || moved;
  if (!finished_ && leaving_ && outbox_->empty()) finish();
  return moved;
}

bool SimConnection::read() {
  bool moved = false;
  while (!finished_) {
    const net::IoResult got =
        stream_->read(std::span(buffer_).first(buffer_.size() - ws::kReadablePadding));
    if (got.status == net::IoStatus::would_block) return moved;
    if (got.status != net::IoStatus::ok) {
      finish();
      return true;
    }
    moved = true;
    sink_->on_activity(got.bytes);
    endpoint_.receive(std::span(buffer_).first(got.bytes), *this);
  }
  return moved;
}

void SimConnection::on_message(ws::Opcode opcode, std::string_view payload) {
  sink_->on_message(opcode == ws::Opcode::binary, payload);
}

bool SimConnection::flush() {
  bool moved = false;
  for (;;) {
    if (outbox_->empty()) {
      if (!farewell_) return moved;
      (void)outbox_->push_control(std::exchange(farewell_, {}));
      outbox_->seal();
    }
    std::array<iovec, 16> room{};
    const std::size_t count = outbox_->gather(room, parts_.scratch);
    const net::IoResult put = stream_->write(std::span(room).first(count));
    if (put.status == net::IoStatus::would_block) {
      outbox_->consume(0);
      return moved;
    }
    if (put.status != net::IoStatus::ok) {
      finish();
      return true;
    }
    moved = true;
    outbox_->consume(put.bytes);
    sink_->on_sent(put.bytes);
  }
}

void SimConnection::flush_soon(const BatchLimits& batch) {
  if (batch.delay_ms <= 0) {
    due_ = true;
  } else if (!due_ && !window_.waiting()) {
    parts_.timers.schedule(window_, parts_.clock.mono_ms() + batch.delay_ms);
  }
}

void SimConnection::close_after_flush(CloseCode code, std::string_view reason) {
  if (finished_ || leaving_) return;
  leaving_ = true;
  due_ = true;
  close_code_ = static_cast<std::uint16_t>(code);
  farewell_ = endpoint_.close_frame(static_cast<std::uint16_t>(code), reason);
}

void SimConnection::close_now(CloseCode code, std::string_view reason) {
  if (finished_) return;
  outbox_->clear();
  close_after_flush(code, reason);
}

void SimConnection::crash() {
  stream_->break_stream();
  finish();
}

void SimConnection::finish() {
  if (std::exchange(finished_, true)) return;
  window_.cancel();
  endpoint_.shutdown();
  stream_->shutdown();
  sink_->closed(close_code_);
}

}  // namespace tidewire::sim
