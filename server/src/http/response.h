#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/body_source.h"
#include "http/request_parser.h"

namespace tidewire::http {

/// One HTTP/1.1 response.
///
/// Header injection cannot happen: a name that is no token, or a value with CR, LF, NUL or another
/// control byte, turns the whole response into a bare 500 (RFC 9110, 5.5).
class Response {
 public:
  explicit Response(int status = 200) : status_(status) {}

  /// Replaces every header of that name.
  Response& set(std::string_view name, std::string_view value);
  /// Adds a header line next to others of its name.
  Response& add(std::string_view name, std::string_view value);
  /// Gives the body as text, and its Content-Type.
  Response& body(std::string_view content_type, std::string text);
  /// Gives the body as a source; the connection pulls it after the head.
  Response& body(std::unique_ptr<BodySource> source);
  /// The connection ends after this response (RFC 9112, 9.6).
  Response& close() {
    keep_alive_ = false;
    return *this;
  }

  Response& set_status(int status) {
    if (!poisoned_) status_ = status;
    return *this;
  }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] BodySource* source() const { return source_.get(); }
  [[nodiscard]] std::unique_ptr<BodySource> take_source() { return std::move(source_); }
  /// The first value of that name, or empty.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& headers() const {
    return headers_;
  }

 private:
  bool accept(std::string_view name, std::string_view value);

  int status_;
  bool keep_alive_ = true;
  bool poisoned_ = false;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string text_;
  std::unique_ptr<BodySource> source_;
};

/// What the request says about the answer's shape.
struct SerializeOptions {
  WallMillis now_ms = 0;   // for the Date header
  bool head_only = false;  // HEAD: lengths as for GET, no body (RFC 9110, 9.3.2)
  bool keep_alive = true;  // the request's wish; the response may still say close
};

/// The bytes of the head, followed by the body when it is text. A body source is left to the
/// caller, who pulls it unless head_only. Adds Date, Content-Length and Connection.
[[nodiscard]] std::string serialize(const Response& response, const SerializeOptions& options);

/// `{"error":{"code":1101,"name":"unauthorized","message":"...","retryable":false}}`: the error
/// object of the protocol, as a body.
[[nodiscard]] std::string error_json(int code, std::string_view name, std::string_view message,
                                     bool retryable);
/// A response with that body.
[[nodiscard]] Response error_response(int status, int code, std::string_view name,
                                      std::string_view message, bool retryable = false);
/// The answer to a request that could not be read: its status, and the end of the connection.
/// `code` and `name` are the protocol's for an invalid message.
[[nodiscard]] Response refusal(const ParseError& error, int code, std::string_view name);
/// 405 with the methods that would work, such as "GET, HEAD".
[[nodiscard]] Response method_not_allowed(std::string_view allow);

}  // namespace tidewire::http
