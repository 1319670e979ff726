#include "http/head_scanner.h"

#include <algorithm>

#include "http/characters.h"

namespace tidewire::http {
namespace {

constexpr std::size_t kMethodBytesMax = 32;

bool looks_like_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

}  // namespace

std::expected<std::size_t, ParseError> HeadScanner::feed(std::span<const char> bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done_) {
    started_ = true;
    if (Verdict verdict = take(bytes[taken]); !verdict) return std::unexpected(verdict.error());
    ++taken;
  }
  return taken;
}

HeadScanner::Verdict HeadScanner::take(char c) {
  if (after_cr_ && c != '\n') return refuse(400, "a CR without LF in the header block");
  if (c == '\n' && !after_cr_) return refuse(400, "an LF without CR in the header block");
  if (is_control(c) && c != '\r' && c != '\n' && c != '\t')
    return refuse(400, "a control byte in the header block");
  if (bytes_.size() >= limits_.head_bytes_max) return refuse(431, "the header block is too large");
  if (first_header_ == 0) {
    if (Verdict verdict = count(c); !verdict) return verdict;
  }
  bytes_ += c;
  after_cr_ = c == '\r';
  if (c == '\n') return end_line();
  return {};
}

/// The request line's parts have limits of their own, which hold before the line is complete.
HeadScanner::Verdict HeadScanner::count(char c) {
  if (c == ' ') {
    ++spaces_;
  } else if (spaces_ == 0 && c != '\r' && c != '\n') {
    if (!is_token_char(c)) return refuse(400, "the method is not a token");
    if (++method_bytes_ > kMethodBytesMax) return refuse(501, "the method is too long");
  } else if (spaces_ == 1 && c != '\r' && c != '\n' && ++target_bytes_ > limits_.uri_bytes_max) {
    return refuse(414, "the request target is too long");
  }
  return {};
}

HeadScanner::Verdict HeadScanner::end_line() {
  const std::size_t start = line_start_;
  const std::string_view line = std::string_view(bytes_).substr(start, bytes_.size() - start - 2);
  if (first_header_ == 0 && line.empty()) {
    // One empty line before a request is what some old clients send after a POST (RFC 9112, 2.2).
    if (skipped_empty_line_) return refuse(400, "an empty line instead of a request");
    skipped_empty_line_ = true;
    bytes_.clear();
    method_bytes_ = 0;
    return {};
  }
  line_start_ = bytes_.size();
  if (first_header_ == 0) {
    first_header_ = bytes_.size();
    return check_request_line(line);
  }
  if (line.empty()) {
    done_ = true;
    return {};
  }
  return check_header_line(line);
}

HeadScanner::Verdict HeadScanner::check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', std::min(first, line.size() - 1) + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    return refuse(400, "the request line is not `method target version`");
  if (!is_token(line.substr(0, first))) return refuse(400, "the method is not a token");
  if (second == first + 1) return refuse(400, "the request target is empty");
  const std::string_view version = line.substr(second + 1);
  if (!looks_like_version(version)) return refuse(400, "the HTTP version is malformed");
  if (version != "HTTP/1.1") return refuse(505, "only HTTP/1.1 is spoken here");
  return {};
}

HeadScanner::Verdict HeadScanner::check_header_line(std::string_view line) {
  if (is_blank(line.front())) return refuse(400, "a header line is folded");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header line has no colon");
  if (!is_token(line.substr(0, colon))) return refuse(400, "a header name is not a token");
  if (!is_utf8(line.substr(colon + 1))) return refuse(400, "a header value is not UTF-8");
  if (++headers_ > limits_.headers_max) return refuse(431, "too many header lines");
  return {};
}

std::string_view HeadScanner::method() const {
  return std::string_view(bytes_).substr(0, bytes_.find(' '));
}

std::string_view HeadScanner::target() const {
  const std::size_t first = bytes_.find(' ') + 1;
  return std::string_view(bytes_).substr(first, bytes_.find(' ', first) - first);
}

std::vector<Header> HeadScanner::headers() const {
  std::vector<Header> all;
  std::string_view rest = std::string_view(bytes_).substr(first_header_);
  while (!rest.starts_with("\r\n")) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    const std::size_t colon = line.find(':');
    all.push_back({line.substr(0, colon), trimmed(line.substr(colon + 1))});
    rest.remove_prefix(line.size() + 2);
  }
  return all;
}

}  // namespace tidewire::http
