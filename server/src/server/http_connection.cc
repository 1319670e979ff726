#include "server/http_connection.h"

#include <chrono>
#include <utility>

#include <sys/uio.h>

#include "protocol/codes.gen.h"
#include "server/stream_end.h"

namespace tidewire {
namespace {

constexpr std::size_t kBodyChunkBytes = 64 * 1024;
/// More than this pipelined behind one request is not read before the answer has left.
constexpr std::size_t kPendingBytesMax = 64 * 1024;

}  // namespace

HttpConnection::HttpConnection(const HttpParts& parts, HttpService& service,
                               std::unique_ptr<net::Stream> stream)
    : parts_(parts),
      service_(service),
      stream_(std::move(stream)),
      parser_(parts.limits),
      timer_([](void* self) { static_cast<HttpConnection*>(self)->on_deadline(); }, this),
      accepted_us_(parts.shard.clock().mono_us()) {
  parser_.stream_bodies_of([&service](std::string_view method, std::string_view path) {
    return service.streams_body(method, path);
  });
}

void HttpConnection::start() {
  if (!parts_.shard.watch(stream_->fd(), *this)) return finish(false);
  deadline(parts_.timeouts.head_ms);
}

void HttpConnection::deadline(MonoMillis after_ms) {
  parts_.shard.timers().schedule(timer_, parts_.shard.clock().mono_ms() + after_ms);
}

void HttpConnection::on_deadline() {
  if (phase_ == Phase::receiving) {
    if (paused_) return deadline(parts_.timeouts.body_ms);  // we are the slow ones
    abort_body();
    return too_late();
  }
  if (phase_ != Phase::reading || !parser_.started()) {
    if (first_request_ && phase_ == Phase::reading)
      parts_.metrics.handshakes[HandshakeLabel::timeout].add();
    return finish(false);
  }
  parts_.metrics.handshakes[HandshakeLabel::timeout].add();
  too_late();
}

void HttpConnection::too_late() {
  keep_alive_ = false;
  http::Response late = http::error_response(408, std::to_underlying(ErrorCode::invalid_message),
                                             to_name(ErrorCode::invalid_message),
                                             "the request did not arrive in time");
  late.close();
  respond(std::move(late));
}

void HttpConnection::on_ready(bool readable, bool writable) {
  if (writable && phase_ == Phase::writing) parts_.shard.at_turn_end(*this);
  if (readable || (writable && stream_->read_wants_write())) {
    readable_ = true;
    if (wants_bytes()) read();
  }
}

void HttpConnection::read() {
  const auto self = shared_from_this();
  const std::span<char> buffer = parts_.shard.read_buffer();
  while (!finished_ && wants_bytes()) {
    const net::IoResult got = stream_->read(buffer);
    if (got.status == net::IoStatus::would_block) break;
    if (got.status != net::IoStatus::ok) return finish(false);
    feed(buffer.first(got.bytes));
    if (!finished_ && got.bytes < buffer.size() && !hung_up()) break;
  }
  if (wants_bytes()) readable_ = false;
}

void HttpConnection::feed(std::span<const char> bytes) {
  const bool fresh = !parser_.started();
  switch (parser_.feed(bytes)) {
    case http::ParseStatus::head:
      return begin_body();
    case http::ParseStatus::need_more:
      if (phase_ == Phase::receiving) return take_body();
      if (fresh && parser_.started() && !first_request_) deadline(parts_.timeouts.head_ms);
      if (parser_.take_expects_continue()) {
        output_ = "HTTP/1.1 100 Continue\r\n\r\n";
        parts_.shard.at_turn_end(*this);
      }
      return;
    case http::ParseStatus::error:
      abort_body();
      return refuse();
    case http::ParseStatus::complete:
      return phase_ == Phase::receiving ? end_body() : dispatch();
  }
}

void HttpConnection::begin_body() {
  const http::Request& request = parser_.request();
  first_request_ = false;
  keep_alive_ = request.keep_alive;
  head_only_ = false;
  phase_ = Phase::receiving;
  paused_ = false;
  deadline(parts_.timeouts.body_ms);
  const std::span<const char> rest = parser_.rest();
  sink_ = service_.body_sink(
      request,
      [weak = weak_from_this()](http::Response response) {
        if (const auto self = weak.lock()) self->respond(std::move(response));
      },
      [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->resume_body();
      });
  if (phase_ != Phase::receiving || !sink_) return;  // it is answered
  if (parser_.take_expects_continue()) {
    output_ = "HTTP/1.1 100 Continue\r\n\r\n";
    parts_.shard.at_turn_end(*this);
  }
  if (!rest.empty()) feed(rest);
}

void HttpConnection::take_body() {
  const std::string_view piece = parser_.body_piece();
  if (piece.empty() || !sink_) return;
  deadline(parts_.timeouts.body_ms);
  if (!sink_->take(piece)) paused_ = true;
}

void HttpConnection::end_body() {
  take_body();
  if (phase_ != Phase::receiving) return;  // it was answered before its end
  const std::span<const char> rest = parser_.rest();
  pending_.assign(rest.begin(), rest.end());
  phase_ = Phase::answering;
  timer_.cancel();
  sink_->end();
}

void HttpConnection::abort_body() {
  if (phase_ == Phase::receiving && sink_) sink_->abort();
}

void HttpConnection::resume_body() {
  if (finished_ || phase_ != Phase::receiving || !paused_) return;
  paused_ = false;
  deadline(parts_.timeouts.body_ms);
  if (readable_) parts_.shard.again(*this);
}

void HttpConnection::refuse() {
  parts_.metrics.handshakes[HandshakeLabel::bad_request].add();
  keep_alive_ = false;
  const http::ParseError& error = parser_.error();
  const ErrorCode code =
      error.status == 413 ? ErrorCode::message_too_large : ErrorCode::invalid_message;
  respond(http::refusal(error, std::to_underlying(code), to_name(code)));
}

void HttpConnection::dispatch() {
  const http::Request& request = parser_.request();
  first_request_ = false;
  keep_alive_ = request.keep_alive;
  head_only_ = request.method == "HEAD";
  phase_ = Phase::answering;
  timer_.cancel();
  if (request.upgrade) return upgrade(request);
  const std::span<const char> rest = parser_.rest();
  pending_.assign(rest.begin(), rest.end());
  service_.handle(request, [weak = weak_from_this()](http::Response response) {
    if (const auto self = weak.lock()) self->respond(std::move(response));
  });
}

void HttpConnection::upgrade(const http::Request& request) {
  auto decision = service_.upgrade(request, *stream_);
  if (decision.refusal) {
    // A proxy that saw the Upgrade header may take what follows as opaque, so nothing follows.
    keep_alive_ = false;
    return respond(std::move(*decision.refusal));
  }
  finished_ = true;
  parts_.metrics.handshake_seconds.record(
      std::chrono::microseconds(parts_.shard.clock().mono_us() - accepted_us_));
  parts_.shard.unwatch(*this);
  cancel_turn_end();
  decision.upgrade(std::move(stream_), parser_.rest());
  parts_.keeper.release(*this);
}

void HttpConnection::respond(http::Response response) {
  if (finished_ || phase_ == Phase::writing) return;
  if (phase_ == Phase::receiving) keep_alive_ = false;  // the rest of the body is not read
  phase_ = Phase::writing;
  keep_alive_ = keep_alive_ && response.keep_alive() && pending_.size() <= kPendingBytesMax;
  output_ += http::serialize(response, {.now_ms = parts_.shard.clock().wall_ms(),
                                        .head_only = head_only_,
                                        .keep_alive = keep_alive_});
  if (!head_only_) body_ = response.take_source();
  deadline(parts_.timeouts.write_ms);
  parts_.shard.at_turn_end(*this);
}

void HttpConnection::on_turn_end() { write(); }

void HttpConnection::write() {
  const auto self = shared_from_this();
  if (!push_unsent(*stream_)) return finish(false);
  if (stream_->has_unsent()) return;
  while (!finished_) {
    if (written_ == output_.size() && !fill()) break;
    iovec part{output_.data() + written_, output_.size() - written_};
    const net::IoResult put = stream_->write({&part, 1});
    if (put.status == net::IoStatus::would_block) return;
    if (put.status != net::IoStatus::ok) return finish(false);
    written_ += put.bytes;
    if (written_ < output_.size() || stream_->has_unsent()) {
      if (phase_ == Phase::writing) deadline(parts_.timeouts.write_ms);
      return;
    }
  }
  if (!finished_ && phase_ == Phase::writing) written();
}

bool HttpConnection::fill() {
  output_.clear();
  written_ = 0;
  if (!body_) return false;
  output_.resize(kBodyChunkBytes);
  const auto got = body_->read(output_);
  output_.resize(got.value_or(0));
  if (!got) finish(false);
  if (output_.empty()) body_.reset();
  return !output_.empty();
}

void HttpConnection::written() {
  if (!keep_alive_) return finish(true);
  sink_.reset();
  parser_.reset();
  phase_ = Phase::reading;
  deadline(parts_.timeouts.idle_ms);
  const std::string pending = std::exchange(pending_, {});
  if (!pending.empty()) feed(pending);
  if (!finished_ && phase_ == Phase::reading && readable_) parts_.shard.again(*this);
}

void HttpConnection::finish(bool clean) {
  if (finished_) return;
  finished_ = true;
  abort_body();
  timer_.cancel();
  cancel_turn_end();
  end_stream(*this, parts_.shard, parts_.lingering, stream_, clean);
  parts_.keeper.release(*this);
}

}  // namespace tidewire
