#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "net/task_queue.h"
#include "outbound/curl_transfer.h"
#include "outbound/http_caller.h"
#include "outbound/http_observer.h"

namespace tidewire::outbound {

/// All HTTP calls of the server: one thread on which libcurl's multi interface runs, with kept
/// connections.
///
/// Owner:  the Server; outlives whatever calls it. Destroying it ends what is on its way, and
///         nobody is told any more.
/// Thread: call() and cancel() may be called on any thread; everything else happens on its own.
/// Limit:  Backend::calls_max calls a backend, running or waiting; 64 connections a host.
/// Count:  a backend fails when it cannot be reached, takes too long, or answers 5xx. Its breaker
///         then spares it.
class HttpClient final : public HttpCaller {
 public:
  /// `observer`, if any, outlives the client.
  explicit HttpClient(std::vector<Backend> backends, HttpObserver* observer = nullptr);
  ~HttpClient() override;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  CallId call(HttpCall call) override;
  void cancel(CallId id) override;

 private:
  struct Target {
    explicit Target(Backend options) : backend(std::move(options)), breaker(backend.breaker) {}
    Backend backend;
    CircuitBreaker breaker;
    std::atomic<std::size_t> calls{0};
  };

  struct MultiDelete {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
  };

  void post(Task task);
  void run();
  void start(HttpCall call, CallId id);
  void complete(CURL* handle, CURLcode code);
  void end(CallId id, HttpResult result);
  void report(const CurlTransfer& transfer, const HttpResult& result);
  void judge(Target& target, CircuitBreaker::Permit permit, const HttpResult& result);

  std::vector<std::unique_ptr<Target>> targets_;
  HttpObserver* observer_;
  SystemClock clock_;
  net::TaskQueue inbox_;
  std::unique_ptr<CURLM, MultiDelete> multi_;
  std::unordered_map<CallId, std::unique_ptr<CurlTransfer>> transfers_;
  std::atomic<CallId> next_id_{1};
  std::atomic<bool> stopping_{false};
  std::jthread thread_;  // last: it uses the others
};

}  // namespace tidewire::outbound
