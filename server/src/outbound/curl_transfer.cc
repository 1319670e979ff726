#include "outbound/curl_transfer.h"

#include <algorithm>
#include <utility>

#include <sys/socket.h>

#include "outbound/private_address.h"
#include "outbound/signature.h"

namespace tidewire::outbound {
namespace {

constexpr std::int64_t kConnectTimeoutMs = 5'000;
constexpr long kIdleConnectionSeconds = 4;  // below what most servers allow
constexpr std::size_t kHeaderBytesMax = 64 * 1024;

HttpFault fault(HttpFailure kind, std::string message) {
  return {.kind = kind, .message = std::move(message)};
}

}  // namespace

CurlTransfer::CurlTransfer(const Backend& backend, HttpCall call, HttpCaller::CallId id,
                           std::int64_t now_wall_s)
    : backend_(backend), call_(std::move(call)), id_(id), handle_(curl_easy_init()) {
  add_header("Content-Type: application/json");
  add_header("Accept: application/json");
  add_header("Expect:");  // no round trip before the body
  if (!backend.secret.empty()) {
    add_header("Tidewire-Timestamp: " + std::to_string(now_wall_s));
    add_header("Tidewire-Signature: " + sign_body(backend.secret, now_wall_s, call_.body));
  }
  set_request();
  set_rules();
}

void CurlTransfer::add_header(const std::string& line) {
  headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
}

void CurlTransfer::set_request() {
  CURL* curl = handle_.get();
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
  curl_easy_setopt(curl, CURLOPT_URL, backend_.url.c_str());
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call_.body.data());  // not copied: call_ keeps it
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "tidewire/" TIDEWIRE_VERSION);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(1, call_.timeout_ms)));
  curl_easy_setopt(
      curl, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::clamp<std::int64_t>(call_.timeout_ms, 1, kConnectTimeoutMs)));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, kIdleConnectionSeconds);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
}

void CurlTransfer::set_rules() {
  CURL* curl = handle_.get();
  const bool secure = backend_.url.starts_with("https:");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // a proxy would hide the address
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, backend_.redirects_max > 0 ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, static_cast<long>(backend_.redirects_max));
  curl_easy_setopt(curl, CURLOPT_POSTREDIR, static_cast<long>(CURL_REDIR_POST_ALL));
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_request);
  curl_easy_setopt(curl, CURLOPT_PREREQDATA, this);
}

bool CurlTransfer::redirected() const {
  long count = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_REDIRECT_COUNT, &count);
  return count > 0;
}

std::size_t CurlTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t got = size * count;
  if (transfer.body_.size() + got > transfer.backend_.response_bytes_max) {
    transfer.too_large_ = true;
    return 0;
  }
  transfer.body_.append(bytes, got);
  return got;
}

std::size_t CurlTransfer::on_header(char* /*bytes*/, std::size_t size, std::size_t count,
                                    void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ <= kHeaderBytesMax) return size * count;
  transfer.too_large_ = true;
  return 0;
}

curl_socket_t CurlTransfer::on_socket(void* self, curlsocktype /*purpose*/,
                                      curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (!transfer.backend_.allow_private && transfer.redirected() &&
      is_private_address(address->addr)) {
    transfer.refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::on_request(void* self, char* peer, char* /*local*/, int /*peer_port*/,
                             int /*local_port*/) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (!transfer.backend_.allow_private && transfer.redirected() && is_private_address(peer)) {
    transfer.refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  long redirects = 0;
  curl_easy_getinfo(transfer.handle_.get(), CURLINFO_REDIRECT_COUNT, &redirects);
  // libcurl writes a request again when a kept connection turns out to be closed.
  const bool again = redirects == std::exchange(transfer.redirects_sent_, redirects);
  if (again && !transfer.call_.idempotent) {
    transfer.repeated_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  return CURL_PREREQFUNC_OK;
}

bool CurlTransfer::again(CURLcode code) {
  const bool broke =
      code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;
  if (!broke || !call_.idempotent || retried_) return false;
  curl_off_t took_us = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_TOTAL_TIME_T, &took_us);
  const std::int64_t left_ms = call_.timeout_ms - took_us / 1000;
  if (left_ms <= 0) return false;
  curl_easy_setopt(handle_.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(left_ms));
  retried_ = true;
  redirects_sent_ = -1;
  header_bytes_ = 0;
  body_.clear();
  return true;
}

HttpResult CurlTransfer::result(CURLcode code) {
  if (refused_)
    return std::unexpected(fault(HttpFailure::refused, "it redirects to a private address"));
  if (too_large_) return std::unexpected(fault(HttpFailure::too_large, "its answer is too large"));
  if (repeated_)
    return std::unexpected(
        fault(HttpFailure::unreachable, "the connection broke before the answer"));
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK) return HttpAnswer{static_cast<int>(status), std::move(body_)};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return std::unexpected(fault(HttpFailure::timeout, "it did not answer in time"));
  if (code == CURLE_UNSUPPORTED_PROTOCOL && status == 0)
    return std::unexpected(fault(HttpFailure::unreachable, "it does not speak HTTP"));
  if (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL)
    return std::unexpected(
        fault(HttpFailure::refused, "it redirects too often, or to another protocol"));
  return std::unexpected(fault(HttpFailure::unreachable, curl_easy_strerror(code)));
}

}  // namespace tidewire::outbound
