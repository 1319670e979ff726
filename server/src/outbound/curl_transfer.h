#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "outbound/http_caller.h"

namespace tidewire::outbound {

struct EasyDelete {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// One request on libcurl, and the rules for where it may go and what may come back.
///
/// Owner:  one HttpClient; libcurl holds its address, so it does not move. Thread: the client's.
/// Rules:  the address of every connection after a redirect is judged when the socket is made and
///         again when a kept connection is used, so neither a name that resolves anew nor the
///         pool of connections leads to a private one. The configured URL itself may be private.
///         A call that is not idempotent is written to one connection at most.
class CurlTransfer {
 public:
  CurlTransfer(const Backend& backend, HttpCall call, HttpCaller::CallId id,
               std::int64_t now_wall_s);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  [[nodiscard]] CURL* handle() const { return handle_.get(); }
  [[nodiscard]] HttpCaller::CallId id() const { return id_; }
  [[nodiscard]] std::size_t backend() const { return call_.backend; }

  /// Whether it broke in a way that a second attempt may heal, and may have one. Prepares it.
  [[nodiscard]] bool again(CURLcode code);
  /// What came of it.
  [[nodiscard]] HttpResult result(CURLcode code);
  void finish(HttpResult result) { call_.done(std::move(result)); }

  CircuitBreaker::Permit permit = 0;
  MonoMicros started_us = 0;

 private:
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_request(void* self, char* peer, char* local, int peer_port, int local_port);

  void add_header(const std::string& line);
  void set_request();
  void set_rules();
  [[nodiscard]] bool redirected() const;

  const Backend& backend_;
  HttpCall call_;
  HttpCaller::CallId id_;
  std::unique_ptr<CURL, EasyDelete> handle_;
  std::unique_ptr<curl_slist, ListDelete> headers_;
  std::string body_;
  std::size_t header_bytes_ = 0;
  long redirects_sent_ = -1;  // requests written so far, less the first
  bool refused_ = false;
  bool too_large_ = false;
  bool repeated_ = false;
  bool retried_ = false;
};

}  // namespace tidewire::outbound
