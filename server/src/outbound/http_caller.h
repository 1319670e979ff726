#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "outbound/circuit_breaker.h"

namespace tidewire::outbound {

/// One HTTP service that the configuration names.
struct Backend {
  std::string name;    // for logs
  std::string url;     // http or https
  std::string secret;  // empty: requests are not signed
  bool allow_private = false;
  std::uint32_t redirects_max = 0;
  std::size_t response_bytes_max = 1024 * 1024;
  std::size_t calls_max = 1024;  // running or waiting
  BreakerLimits breaker;
};

/// Why there is no answer.
enum class HttpFailure : std::uint8_t {
  unreachable,  // no connection, or it broke before the answer was complete
  timeout,
  refused,       // a redirect led where it must not
  too_large,     // the answer
  breaker_open,  // the backend failed too often; nothing was sent
  overloaded,    // too many calls; nothing was sent
  cancelled,
};

struct HttpFault {
  HttpFailure kind;
  std::string message;  // without the URL
  std::int64_t retry_after_ms = 0;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};
using HttpResult = std::expected<HttpAnswer, HttpFault>;

/// A POST of a JSON body.
struct HttpCall {
  std::size_t backend = 0;
  std::string body;
  std::int64_t timeout_ms = 0;
  bool idempotent = false;  // sent once more when the connection breaks before the answer
  /// Called exactly once unless the caller is destroyed before; on any thread, perhaps within
  /// call(). It posts to a shard and does nothing else.
  std::move_only_function<void(HttpResult)> done;
};

/// Makes HTTP calls.
///
/// Thread: any. Limit: Backend::calls_max; the call past it fails as `overloaded`.
class HttpCaller {
 public:
  using CallId = std::uint64_t;

  virtual ~HttpCaller() = default;
  virtual CallId call(HttpCall call) = 0;
  /// Ends a call as `cancelled`; one that is over is left alone.
  virtual void cancel(CallId id) = 0;
};

}  // namespace tidewire::outbound
