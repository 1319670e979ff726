#include "http/target.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <arpa/inet.h>

#include "http/characters.h"

namespace tidewire::http {
namespace {

bool is_path_byte(char c) {
  return c > 0x20 && c < 0x7F && std::string_view("\"#<>\\").find(c) == std::string_view::npos;
}
bool is_query_byte(char c) {
  // Browsers leave more characters alone in a query than RFC 3986 allows, quotes among them.
  return c > 0x20 && c < 0x7F && c != '#';
}

/// The decoded byte at `at`, which holds a '%', or nullopt.
std::optional<char> escaped_byte(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return std::nullopt;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

std::expected<std::string, ParseError> decode_path(std::string_view text) {
  std::string path;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      path += text[at];
      continue;
    }
    const std::optional<char> byte = escaped_byte(text, at);
    if (!byte) return refuse(400, "a percent escape in the path is malformed");
    if (is_control(*byte) || *byte == '/' || *byte == '\\')
      return refuse(400, "the path escapes a byte that it may not hold");
    path += *byte;
    at += 2;
  }
  if (!is_utf8(path)) return refuse(400, "the path is not UTF-8");
  return path;
}

/// RFC 3986, 5.2.4, except that climbing above the root is an error and not ignored.
std::expected<std::string, ParseError> without_dot_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  bool directory = false;  // the last segment was one of dots: the path names a directory
  std::string_view rest = path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    directory = segment == "." || segment == "..";
    if (segment == "..") {
      if (segments.empty()) return refuse(400, "the path leaves the root");
      segments.pop_back();
    } else if (segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string resolved;
  for (std::string_view segment : segments) resolved.append("/").append(segment);
  if (directory || resolved.empty()) resolved += '/';
  return resolved;
}

/// Cuts `scheme://authority` off an absolute-form target; false when it has none that we serve.
bool strip_authority(std::string_view& target) {
  for (std::string_view scheme : {"http://", "https://", "ws://", "wss://"}) {
    if (target.size() <= scheme.size() ||
        !std::ranges::equal(target.substr(0, scheme.size()), scheme,
                            [](char a, char b) { return (is_alpha(a) ? a | 0x20 : a) == b; }))
      continue;
    target.remove_prefix(scheme.size());
    const std::string_view authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority.size());
    return is_host(authority);
  }
  return false;
}

bool is_port(std::string_view text) {
  if (text.size() > 5 || !std::ranges::all_of(text, is_digit)) return false;
  int port = 0;
  for (char c : text) port = port * 10 + (c - '0');
  return port <= 65535;
}

bool is_ipv6(std::string_view text) {
  std::array<unsigned char, 16> address{};
  return inet_pton(AF_INET6, std::string(text).c_str(), address.data()) == 1;
}

}  // namespace

std::expected<Target, ParseError> parse_target(std::string_view method, std::string_view target) {
  if (target == "*" && method == "OPTIONS") return Target{"*", {}};
  if (!target.starts_with('/') && !strip_authority(target))
    return refuse(400, "the request target is neither a path nor a URL of ours");
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  const std::string_view query = target.substr(std::min(mark + 1, target.size()));
  if (!std::ranges::all_of(path, is_path_byte) || !std::ranges::all_of(query, is_query_byte))
    return refuse(400, "the request target holds a byte that must be escaped");
  auto decoded = decode_path(path);
  if (!decoded) return std::unexpected(decoded.error());
  auto resolved = without_dot_segments(*decoded);
  if (!resolved) return std::unexpected(resolved.error());
  return Target{std::move(*resolved), query};
}

bool is_host(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || !is_ipv6(text.substr(1, bracket - 1))) return false;
    port = text.substr(bracket + 1);
    return port.empty() || (port.front() == ':' && is_port(port.substr(1)));
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  if (colon < text.size()) port = text.substr(colon + 1);
  return !name.empty() && name.size() <= 255 && is_port(port) &&
         std::ranges::all_of(name, [](char c) {
           return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
         });
}

}  // namespace tidewire::http
