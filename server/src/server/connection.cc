#include "server/connection.h"

#include <array>
#include <chrono>
#include <cstring>
#include <new>
#include <tuple>
#include <utility>

#include <sys/uio.h>

#include "observability/log.h"
#include "server/stream_end.h"

namespace tidewire {
namespace {

/// A fast sender gets this many reads a turn before the others have theirs.
constexpr int kReadsPerTurn = 4;
constexpr std::size_t kPartsMax = 64;

// An idle connection takes 2 KB at most, of which this is what belongs to the socket.
static_assert(sizeof(Connection) <= 584);

std::size_t total(std::span<const iovec> parts) {
  std::size_t bytes = 0;
  for (const iovec& part : parts) bytes += part.iov_len;
  return bytes;
}

}  // namespace

Connection::Connection(const ConnectionParts& parts, std::unique_ptr<net::Stream> stream,
                       const ws::EndpointOptions& endpoint)
    : parts_(parts), stream_(std::move(stream)), endpoint_(endpoint, &parts.deflate) {}

Connection::~Connection() {
  if (sink_) sink_->closed(close_code_);
}

void Connection::start(std::string prelude, std::span<const char> pending) {
  prelude_ = std::make_unique<std::string>(std::move(prelude));
  if (!parts_.shard.watch(stream_->fd(), *this)) return finish(false);
  sink_->open();
  if (!pending.empty()) {
    // The engine unmasks in place and reads ahead, which the parser's bytes do not allow.
    const std::span<char> buffer = parts_.shard.read_buffer();
    std::memmove(buffer.data(), pending.data(), pending.size());
    receive(buffer.first(pending.size()));
  }
  parts_.shard.at_turn_end(*this);
}

void Connection::on_ready(bool readable, bool writable) {
  if (writable) {
    write_blocked_ = false;
    parts_.shard.at_turn_end(*this);
  }
  if (readable || (writable && stream_->read_wants_write())) read();
}

void Connection::read() {
  const std::span<char> buffer = parts_.shard.read_buffer();
  for (int reads = 0; reads < kReadsPerTurn && !finished_; ++reads) {
    const net::IoResult got = stream_->read(buffer);
    switch (got.status) {
      case net::IoStatus::ok:
        receive(buffer.first(got.bytes));
        break;
      case net::IoStatus::would_block:
        return;
      case net::IoStatus::closed:
      case net::IoStatus::error:
        return finish(false);
    }
    if (got.bytes < buffer.size() && !hung_up()) return;
  }
  if (!finished_) parts_.shard.again(*this);
}

void Connection::receive(std::span<char> bytes) {
  parts_.metrics.wire_bytes_received.add(bytes.size());
  sink_->on_activity(bytes.size());
  try {
    endpoint_.receive(bytes, *this);
  } catch (const std::bad_alloc&) {
    // One connection asked for more than there is; the others go on.
    log_error("out of memory: a connection is cut", {{"bytes", bytes.size()}});
    return finish(false);
  }
  watch_partial();
}

void Connection::watch_partial() {
  if (said_close_ || farewell_) return;  // the timer is the close deadline now
  if (endpoint_.idle()) {
    timer_.reset();
  } else if (!timer_ || !timer_->waiting()) {
    wake_in(kPartialMs);
  }
}

void Connection::on_message(ws::Opcode opcode, std::string_view payload) {
  // A busy sender may always be in the middle of the next message; only one that stays there
  // counts.
  if (!said_close_ && !farewell_) timer_.reset();
  sink_->on_message(opcode == ws::Opcode::binary, payload);
}

void Connection::on_control(ws::SharedFrame frame) {
  if (frame.opcode() == ws::Opcode::close) {
    // Behind what is queued: answers to messages that came before it still leave.
    farewell_ = std::make_unique<ws::SharedFrame>(std::move(frame));
  } else {
    // A client that pings and never reads gets no pongs past its queue's limit (RFC 6455 section
    // 5.5.3 asks for an answer to the latest only).
    std::ignore = outbox_->push_control(std::move(frame));
  }
  parts_.shard.at_turn_end(*this);
}

void Connection::on_pong(std::string_view /*payload*/) {}

void Connection::on_close(std::uint16_t code, std::string_view /*reason*/) {
  if (close_code_ == 0) {
    close_code_ = code;
    closed_by_peer_ = true;
  }
  peer_done_ = true;
  begin_close_deadline();
  parts_.shard.at_turn_end(*this);
}

void Connection::on_fail(std::uint16_t code, std::string_view /*reason*/) {
  if (close_code_ == 0) close_code_ = code;
  // What comes after a broken frame cannot be read, a close frame included.
  peer_done_ = true;
  begin_close_deadline();
  parts_.shard.at_turn_end(*this);
}

void Connection::flush_soon(const BatchLimits& batch) {
  if (finished_ || turn_end_requested()) return;
  if (batch.delay_ms <= 0) return parts_.shard.at_turn_end(*this);
  if (!window_)
    window_ = std::make_unique<BatchWindow>(
        [](void* self) {
          auto& connection = *static_cast<Connection*>(self);
          connection.parts_.shard.at_turn_end(connection);
        },
        this);
  if (window_->ready(batch, outbox_->queued_frames(), outbox_->queued_bytes(),
                     parts_.shard.clock().mono_ms(), parts_.shard.timers()))
    parts_.shard.at_turn_end(*this);
}

bool Connection::delivered() const {
  return !prelude_ && outbox_->empty() && !stream_->has_unsent() &&
         net::all_acknowledged(stream_->fd());
}

void Connection::close_after_flush(CloseCode code, std::string_view reason) {
  if (finished_ || farewell_ || said_close_) return;
  close_code_ = static_cast<std::uint16_t>(code);
  farewell_ = std::make_unique<ws::SharedFrame>(
      endpoint_.close_frame(static_cast<std::uint16_t>(code), reason));
  begin_close_deadline();
  parts_.shard.at_turn_end(*this);
}

void Connection::close_now(CloseCode code, std::string_view reason) {
  if (finished_) return;
  outbox_->clear();
  close_after_flush(code, reason);
}

void Connection::wake_in(MonoMillis ms) {
  if (!timer_)
    timer_ = std::make_unique<Timer>([](void* self) { static_cast<Connection*>(self)->on_timer(); },
                                     this);
  parts_.shard.timers().schedule(*timer_, parts_.shard.clock().mono_ms() + ms);
}

void Connection::begin_close_deadline() { wake_in(kCloseMs); }

void Connection::on_timer() {
  if (said_close_ || farewell_ || peer_done_) return finish(!write_blocked_);
  if (!endpoint_.idle())
    close_now(CloseCode::policy_violation, "a message was left half sent for too long");
}

void Connection::on_turn_end() {
  if (window_) window_->written(parts_.shard.clock().mono_ms());
  flush();
}

void Connection::flush() {
  if (!write_prelude() || !write_unsent()) return;
  while (!finished_ && !write_blocked_) {
    if (outbox_->empty()) {
      if (!farewell_) break;
      if (*farewell_) std::ignore = outbox_->push_control(std::move(*farewell_));
      farewell_.reset();
      outbox_->seal();
      said_close_ = true;
      begin_close_deadline();
      if (outbox_->empty()) break;
    }
    if (!write_once()) return;
  }
  if (!finished_ && !write_blocked_ && said_close_ && peer_done_) finish(true);
}

bool Connection::write_prelude() {
  if (!prelude_) return true;
  if (write_blocked_) return false;
  iovec part{prelude_->data(), prelude_->size()};
  const net::IoResult put = stream_->write({&part, 1});
  if (put.status == net::IoStatus::closed || put.status == net::IoStatus::error) {
    finish(false);
    return false;
  }
  parts_.metrics.wire_bytes_sent.add(put.bytes);
  prelude_->erase(0, put.bytes);
  write_blocked_ = !prelude_->empty() || stream_->has_unsent();
  if (prelude_->empty()) prelude_.reset();
  return !write_blocked_;
}

bool Connection::write_unsent() {
  if (write_blocked_ || !stream_->has_unsent()) return true;
  if (!push_unsent(*stream_)) {
    finish(false);
    return false;
  }
  write_blocked_ = stream_->has_unsent();
  return true;
}

bool Connection::write_once() {
  if (const auto oldest = outbox_->oldest())
    parts_.metrics.queue_age_seconds.record(
        std::chrono::milliseconds(parts_.shard.clock().mono_ms() - *oldest));
  std::array<iovec, kPartsMax> room{};
  const std::size_t count = outbox_->gather(room, parts_.scratch);
  const std::span<const iovec> parts(room.data(), count);
  const net::IoResult put = stream_->write(parts);
  parts_.metrics.sends.add();
  switch (put.status) {
    case net::IoStatus::ok:
      break;
    case net::IoStatus::would_block:
      write_blocked_ = true;
      outbox_->consume(0);
      return true;
    case net::IoStatus::closed:
    case net::IoStatus::error:
      finish(false);
      return false;
  }
  parts_.metrics.wire_bytes_sent.add(put.bytes);
  outbox_->consume(put.bytes);
  sink_->on_sent(put.bytes);
  write_blocked_ = put.bytes < total(parts) || stream_->has_unsent();
  return true;
}

void Connection::abort() { finish(false); }

void Connection::finish(bool clean) {
  if (finished_) return;
  finished_ = true;
  if (timer_) timer_->cancel();
  if (window_) window_->cancel();
  cancel_turn_end();
  endpoint_.shutdown();
  const auto side = closed_by_peer_ || close_code_ == 0 ? SideLabel::client : SideLabel::server;
  parts_.metrics.closed_by(side, close_label(close_code_)).add();
  sink_->closed(close_code_);
  end_stream(*this, parts_.shard, parts_.lingering, stream_, clean);
  parts_.keeper.release(*this);
}

}  // namespace tidewire
