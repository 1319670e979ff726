#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/parse_error.h"
#include "http/request.h"
#include "http/request_limits.h"

namespace tidewire::http {

/// Collects a request's head and refuses, byte by byte and line by line, what Beast would let pass:
/// bare CR or LF, control bytes, folded lines, space around names, text that is not UTF-8, other
/// versions than 1.1, and anything past the limits (RFC 9112, 2.2, 3, 5.1, 5.2).
///
/// Each refusal belongs to one byte, so the verdict is the same wherever the input is cut.
class HeadScanner {
 public:
  explicit HeadScanner(const RequestLimits& limits) : limits_(limits) {}

  /// Takes bytes up to the end of the head and says how many it took.
  [[nodiscard]] std::expected<std::size_t, ParseError> feed(std::span<const char> bytes);

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string_view method() const;
  [[nodiscard]] std::string_view target() const;
  /// The header lines; views into bytes(), so only once done.
  [[nodiscard]] std::vector<Header> headers() const;

 private:
  using Verdict = std::expected<void, ParseError>;

  Verdict take(char c);
  Verdict count(char c);
  Verdict end_line();
  Verdict check_request_line(std::string_view line);
  Verdict check_header_line(std::string_view line);

  RequestLimits limits_;
  std::string bytes_;
  std::size_t line_start_ = 0;
  std::size_t method_bytes_ = 0;
  std::size_t target_bytes_ = 0;
  std::size_t headers_ = 0;
  std::size_t first_header_ =
      0;            // where the first header line starts; 0: still in the request line
  int spaces_ = 0;  // seen in the request line
  bool after_cr_ = false;
  bool skipped_empty_line_ = false;
  bool started_ = false;
  bool done_ = false;
};

}  // namespace tidewire::http
