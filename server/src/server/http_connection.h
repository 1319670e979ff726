#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/timer_wheel.h"
#include "http/request_parser.h"
#include "net/flushable.h"
#include "net/lingering_streams.h"
#include "net/pollable.h"
#include "net/shard.h"
#include "net/stream.h"
#include "observability/server_metrics.h"
#include "server/http_service.h"

namespace tidewire {

class HttpConnection;

/// Where HTTP connections of a shard are kept.
class HttpKeeper {
 public:
  virtual void release(HttpConnection& connection) = 0;

 protected:
  ~HttpKeeper() = default;
};

struct HttpTimeouts {
  MonoMillis head_ms = 5'000;    // from the accept, or the request's first byte, to its end
  MonoMillis body_ms = 60'000;   // without a byte of a body that is taken as it comes
  MonoMillis idle_ms = 30'000;   // between requests
  MonoMillis write_ms = 30'000;  // a response that the client does not take
};

/// What all HTTP connections of one shard share.
struct HttpParts {
  net::Shard& shard;
  net::LingeringStreams& lingering;
  ServerMetrics& metrics;
  HttpKeeper& keeper;
  http::RequestLimits limits;
  HttpTimeouts timeouts;
};

/// One HTTP/1.1 connection, until it ends or becomes a WebSocket connection.
///
/// Owner:  its shard's keeper, by shared_ptr so that late answers can hold a weak one.
/// Thread: the shard's.
/// Order:  one request at a time; what a client pipelines waits until the answer has left.
/// Limits: HttpParts; deadlines are absolute, so that dripping bytes gains nothing.
class HttpConnection final : public net::Pollable,
                             public net::Flushable,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(const HttpParts& parts, HttpService& service, std::unique_ptr<net::Stream> stream);

  void start();
  void abort() { finish(false); }

 private:
  enum class Phase : std::uint8_t {
    reading,
    receiving,  // a body that sink_ takes as it comes
    answering,
    writing
  };

  void on_ready(bool readable, bool writable) override;
  void on_turn_end() override;

  void read();
  void feed(std::span<const char> bytes);
  void dispatch();
  void begin_body();
  void take_body();
  void end_body();
  void abort_body();
  void resume_body();
  void refuse();
  void too_late();
  [[nodiscard]] bool wants_bytes() const {
    return phase_ == Phase::reading || (phase_ == Phase::receiving && !paused_);
  }
  void upgrade(const http::Request& request);
  void respond(http::Response response);
  void write();
  bool fill();
  void written();
  void deadline(MonoMillis after_ms);
  void on_deadline();
  void finish(bool clean);

  const HttpParts& parts_;
  HttpService& service_;
  std::unique_ptr<net::Stream> stream_;
  http::RequestParser parser_;
  std::string pending_;  // arrived behind the request that is being answered
  std::string output_;
  std::size_t written_ = 0;
  std::unique_ptr<http::BodySource> body_;
  std::unique_ptr<http::BodySink> sink_;
  Timer timer_;
  const MonoMicros accepted_us_;
  Phase phase_ = Phase::reading;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool readable_ = false;  // an edge came while a request was being answered
  bool first_request_ = true;
  bool finished_ = false;
  bool paused_ = false;  // sink_ wants no more for now
};

}  // namespace tidewire
