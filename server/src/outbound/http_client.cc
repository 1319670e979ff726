#include "outbound/http_client.h"

#include <utility>

namespace tidewire::outbound {
namespace {

constexpr long kConnectionsPerHost = 64;
constexpr long kConnectionsKept = 256;
constexpr int kPollMs = 1'000;

/// libcurl wants this before the first handle, and nobody ends it: the process does.
void prepare_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
}

}  // namespace

HttpClient::HttpClient(std::vector<Backend> backends, HttpObserver* observer)
    : observer_(observer) {
  for (Backend& backend : backends)
    targets_.push_back(std::make_unique<Target>(std::move(backend)));
  if (targets_.empty()) return;  // nothing can be called
  prepare_curl();
  multi_.reset(curl_multi_init());
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, kConnectionsPerHost);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kConnectionsKept);
  thread_ = std::jthread([this] { run(); });
}

HttpClient::~HttpClient() {
  stopping_.store(true);
  if (!multi_) return;
  curl_multi_wakeup(multi_.get());
  thread_.join();
  for (auto& [id, transfer] : transfers_)
    curl_multi_remove_handle(multi_.get(), transfer->handle());
  transfers_.clear();
}

void HttpClient::post(Task task) {
  inbox_.push(std::move(task));
  curl_multi_wakeup(multi_.get());
}

HttpCaller::CallId HttpClient::call(HttpCall call) {
  const CallId id = next_id_.fetch_add(1, std::memory_order_relaxed);
  Target& target = *targets_[call.backend];
  if (target.calls.fetch_add(1) >= target.backend.calls_max) {
    target.calls.fetch_sub(1);
    if (observer_ != nullptr) observer_->on_refused(call.backend, HttpFailure::overloaded);
    call.done(std::unexpected(
        HttpFault{.kind = HttpFailure::overloaded, .message = "too many calls wait for it"}));
    return id;
  }
  post([this, id, call = std::move(call)]() mutable { start(std::move(call), id); });
  return id;
}

void HttpClient::cancel(CallId id) {
  if (!multi_) return;
  post([this, id] {
    end(id, std::unexpected(HttpFault{.kind = HttpFailure::cancelled, .message = "cancelled"}));
  });
}

void HttpClient::run() {
  while (!stopping_.load()) {
    inbox_.drain();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
      if (message->msg == CURLMSG_DONE) complete(message->easy_handle, message->data.result);
    if (inbox_.empty()) curl_multi_poll(multi_.get(), nullptr, 0, kPollMs, nullptr);
  }
}

void HttpClient::start(HttpCall call, CallId id) {
  Target& target = *targets_[call.backend];
  const auto permit = target.breaker.admit(clock_.mono_ms());
  if (!permit) {
    target.calls.fetch_sub(1);
    if (observer_ != nullptr) observer_->on_refused(call.backend, HttpFailure::breaker_open);
    return call.done(std::unexpected(
        HttpFault{.kind = HttpFailure::breaker_open,
                  .message = "it failed too often and is left alone for a while",
                  .retry_after_ms = target.breaker.retry_after_ms(clock_.mono_ms())}));
  }
  auto transfer =
      std::make_unique<CurlTransfer>(target.backend, std::move(call), id, clock_.wall_ms() / 1000);
  transfer->permit = *permit;
  transfer->started_us = clock_.mono_us();
  if (observer_ != nullptr) observer_->on_start(transfer->backend());
  curl_multi_add_handle(multi_.get(), transfer->handle());
  transfers_.emplace(id, std::move(transfer));
}

void HttpClient::complete(CURL* handle, CURLcode code) {
  char* kept = nullptr;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &kept);
  auto* transfer = reinterpret_cast<CurlTransfer*>(kept);
  if (transfer->again(code)) {
    curl_multi_remove_handle(multi_.get(), handle);
    curl_multi_add_handle(multi_.get(), handle);
    return;
  }
  end(transfer->id(), transfer->result(code));
}

void HttpClient::end(CallId id, HttpResult result) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const auto transfer = std::move(found->second);
  transfers_.erase(found);
  curl_multi_remove_handle(multi_.get(), transfer->handle());
  Target& target = *targets_[transfer->backend()];
  judge(target, transfer->permit, result);
  report(*transfer, result);
  target.calls.fetch_sub(1);
  transfer->finish(std::move(result));
}

void HttpClient::report(const CurlTransfer& transfer, const HttpResult& result) {
  if (observer_ == nullptr) return;
  const CircuitBreaker& breaker = targets_[transfer.backend()]->breaker;
  observer_->on_end(transfer.backend(), result, clock_.mono_us() - transfer.started_us);
  observer_->on_breaker(transfer.backend(), breaker.state() != CircuitBreaker::State::closed);
}

void HttpClient::judge(Target& target, CircuitBreaker::Permit permit, const HttpResult& result) {
  if (!result && result.error().kind == HttpFailure::cancelled)
    return target.breaker.abandoned(permit);
  // What it answered too large or redirected was at least answered.
  const bool reached = result ? result->status < 500
                              : result.error().kind == HttpFailure::too_large ||
                                    result.error().kind == HttpFailure::refused;
  if (reached)
    target.breaker.succeeded(permit);
  else
    target.breaker.failed(permit, clock_.mono_ms());
}

}  // namespace tidewire::outbound
