#pragma once

#include <cstddef>
#include <cstdint>

#include "outbound/http_caller.h"

namespace tidewire::outbound {

/// Watches the calls of an HttpClient, for metrics. `backend` is its place in the client's list.
///
/// Owner:  whoever makes the client; outlives it. Thread: the client's own, but for on_refused().
class HttpObserver {
 public:
  /// Nothing was sent: too many calls, or an open breaker. Any thread.
  virtual void on_refused(std::size_t backend, HttpFailure why) = 0;
  virtual void on_start(std::size_t backend) = 0;
  virtual void on_end(std::size_t backend, const HttpResult& result, std::int64_t took_us) = 0;
  /// Told after every call: whether the breaker is open or has one on trial.
  virtual void on_breaker(std::size_t backend, bool open) = 0;

 protected:
  ~HttpObserver() = default;
};

}  // namespace tidewire::outbound
