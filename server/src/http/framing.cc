#include "http/framing.h"

#include <algorithm>
#include <string_view>

#include "http/characters.h"
#include "http/target.h"

namespace tidewire::http {
namespace {

constexpr std::size_t kLengthDigitsMax = 18;

/// The header lines that decide, and how often each was sent.
struct Seen {
  std::string_view host, length, coding, expect;
  int hosts = 0, lengths = 0, codings = 0, expects = 0;
  bool upgrade = false;
};

bool lists(std::string_view list, std::string_view token) {
  for (std::string_view element = next_element(list); !element.empty();
       element = next_element(list))
    if (same_token(element, token)) return true;
  return false;
}

Seen look_at(const std::vector<Header>& headers) {
  Seen seen;
  const auto note = [](std::string_view& slot, int& times, std::string_view value) {
    slot = value;
    ++times;
  };
  for (const Header& header : headers) {
    if (same_token(header.name, "Host")) note(seen.host, seen.hosts, header.value);
    if (same_token(header.name, "Content-Length")) note(seen.length, seen.lengths, header.value);
    if (same_token(header.name, "Transfer-Encoding")) note(seen.coding, seen.codings, header.value);
    if (same_token(header.name, "Expect")) note(seen.expect, seen.expects, header.value);
    if (same_token(header.name, "Upgrade") && lists(header.value, "websocket")) seen.upgrade = true;
  }
  return seen;
}

std::expected<std::uint64_t, ParseError> parse_length(std::string_view text,
                                                      std::size_t body_bytes_max) {
  if (text.empty() || !std::ranges::all_of(text, is_digit))
    return refuse(400, "Content-Length is not a number of plain digits");
  if (text.size() > kLengthDigitsMax) return refuse(413, "the body is too large");
  std::uint64_t length = 0;
  for (char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
  if (length > body_bytes_max) return refuse(413, "the body is too large");
  return length;
}

/// chunked alone is understood; another coding before it is well-formed but not ours (501); one
/// that does not end in chunked leaves the length unknown (400) (RFC 9112, 6.1 and 6.3).
std::expected<void, ParseError> check_coding(std::string_view list) {
  if (same_token(list, "chunked")) return {};
  int chunked = 0;
  std::string_view last;
  for (std::string_view element = next_element(list); !element.empty();
       element = next_element(list)) {
    last = element;
    if (same_token(element, "chunked")) ++chunked;
  }
  if (chunked == 1 && same_token(last, "chunked"))
    return refuse(501, "no transfer coding but chunked is understood");
  return refuse(400, "Transfer-Encoding is not chunked");
}

}  // namespace

std::expected<Framing, ParseError> frame_request(const std::vector<Header>& headers,
                                                 const RequestLimits& limits) {
  const Seen seen = look_at(headers);
  if (seen.hosts != 1) return refuse(400, "exactly one Host header is required");
  if (!is_host(seen.host)) return refuse(400, "the Host header is malformed");
  if (seen.lengths > 1) return refuse(400, "Content-Length is sent more than once");
  if (seen.codings > 1) return refuse(400, "Transfer-Encoding is sent more than once");
  if (seen.lengths == 1 && seen.codings == 1)
    return refuse(400, "both Content-Length and Transfer-Encoding are sent");
  if (seen.upgrade && seen.lengths + seen.codings > 0)
    return refuse(400, "an upgrade request may not have a body");

  Framing framing{.chunked = seen.codings == 1, .upgrade = seen.upgrade};
  if (seen.lengths == 1) {
    const auto length = parse_length(seen.length, limits.body_bytes_max);
    if (!length) return std::unexpected(length.error());
    framing.content_length = *length;
  }
  if (framing.chunked) {
    if (const auto verdict = check_coding(seen.coding); !verdict)
      return std::unexpected(verdict.error());
  }
  if (seen.expects > 0) {
    if (seen.expects > 1 || !same_token(seen.expect, "100-continue"))
      return refuse(417, "the only expectation that can be met is 100-continue");
    framing.expects_continue = framing.chunked || framing.content_length > 0;
  }
  return framing;
}

}  // namespace tidewire::http
