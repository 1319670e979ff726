#include "ws/handshake.h"

#include <algorithm>
#include <array>
#include <string>

#include <openssl/evp.h>

#include "base/base64.h"
#include "ws/deflate_offer.h"
#include "ws/header_scanner.h"
#include "ws/utf8.h"

namespace tidewire::ws {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kSubprotocolsMax = 32;

using Values = std::vector<std::string_view>;
using Refusal = std::optional<HandshakeRefusal>;

HandshakeRefusal refuse(int status, std::string reason) { return {status, std::move(reason), {}}; }

/// The headers the handshake looks at, each with all its values; the others are ignored.
struct Fields {
  Values host, upgrade, connection, key, version, protocol, extensions, content_length, encoding;

  Values* find(std::string_view name) {
    const std::array<std::pair<std::string_view, Values*>, 9> known{{
        {"host", &host},
        {"upgrade", &upgrade},
        {"connection", &connection},
        {"sec-websocket-key", &key},
        {"sec-websocket-version", &version},
        {"sec-websocket-protocol", &protocol},
        {"sec-websocket-extensions", &extensions},
        {"content-length", &content_length},
        {"transfer-encoding", &encoding},
    }};
    for (const auto& [known_name, values] : known)
      if (equals_ignoring_case(name, known_name)) return values;
    return nullptr;
  }
};

bool is_control_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

/// RFC 9110 section 5.5, and RFC 6455 section 8.1 for what is not ASCII.
bool valid_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), is_control_char) && is_utf8(value);
}

Refusal collect(std::span<const HandshakeHeader> headers, Fields& fields) {
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) return refuse(400, "a header name is malformed");
    if (!valid_value(value)) return refuse(400, "a header value has invalid characters");
    if (Values* values = fields.find(name)) values->push_back(value);
  }
  return std::nullopt;
}

/// `host [ ":" port ]` of RFC 9112 section 3.2, without resolving anything.
bool valid_host(std::string_view host) {
  const std::size_t bracket = host.find(']');
  const bool literal = host.starts_with('[') && bracket != std::string_view::npos;
  const std::size_t colon = host.find(':', literal ? bracket : 0);
  const std::string_view name = host.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view{} : host.substr(colon + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return false;
  if (literal) {
    const std::string_view address = host.substr(1, bracket - 1);
    return name.size() == bracket + 1 && !address.empty() &&
           address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (is_token_char(c) && c != '#' && c != '^' && c != '`' && c != '|') ||
           std::string_view("();=").contains(c);
  });
}

bool valid_target(std::string_view target) {
  const bool form =
      target.starts_with('/') || target.starts_with("http://") || target.starts_with("https://");
  return form && std::all_of(target.begin(), target.end(),
                             [](char c) { return c > ' ' && c < '\x7F' && c != '#'; });
}

Refusal check_request_line(const HandshakeRequest& request) {
  if (request.method != "GET") {
    auto refusal = refuse(405, "a WebSocket handshake is a GET request");
    refusal.headers.emplace_back("Allow", "GET");
    return refusal;
  }
  if (request.http_major != 1 || request.http_minor < 1)
    return refuse(505, "a WebSocket handshake needs HTTP/1.1");
  if (!valid_target(request.target)) return refuse(400, "the request target is malformed");
  return std::nullopt;
}

Refusal check_message(const Fields& fields) {
  if (fields.host.size() != 1 || !valid_host(fields.host.front()))
    return refuse(400, "exactly one valid Host header is needed");
  if (!fields.encoding.empty()) return refuse(400, "a handshake has no Transfer-Encoding");
  const bool body = fields.content_length.size() > 1 ||
                    (fields.content_length.size() == 1 && fields.content_length.front() != "0");
  if (body) return refuse(400, "a handshake has no body");
  return std::nullopt;
}

/// Whether one of the comma-separated names is `wanted`, which has no version ("name/1").
bool lists(const Values& values, std::string_view wanted) {
  for (const std::string_view value : values) {
    HeaderScanner scanner(value);
    for (scanner.skip_commas(); !scanner.at_end(); scanner.skip_commas()) {
      const std::string_view name = scanner.token();
      const bool versioned = scanner.accept('/') && !scanner.token().empty();
      if (!scanner.accept(',') && !scanner.at_end()) return false;
      if (!versioned && equals_ignoring_case(name, wanted)) return true;
    }
  }
  return false;
}

HandshakeRefusal wrong_version(int status) {
  auto refusal = refuse(status, "Sec-WebSocket-Version must be 13");
  refusal.headers.emplace_back("Sec-WebSocket-Version", "13");
  return refusal;
}

Refusal check_upgrade(const Fields& fields) {
  if (!lists(fields.upgrade, "websocket")) {
    auto refusal = refuse(426, "the Upgrade header does not name websocket");
    refusal.headers.emplace_back("Upgrade", "websocket");
    return refusal;
  }
  if (!lists(fields.connection, "upgrade"))
    return refuse(400, "the Connection header does not name Upgrade");
  if (fields.version.size() > 1) return refuse(400, "Sec-WebSocket-Version is repeated");
  if (fields.version.empty()) return wrong_version(400);
  if (fields.version.front() != "13") return wrong_version(426);
  if (fields.key.size() != 1) return refuse(400, "exactly one Sec-WebSocket-Key is needed");
  const auto nonce = base64_decode(fields.key.front());
  if (!nonce || nonce->size() != kKeyBytes)
    return refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  return std::nullopt;
}

/// Every offered subprotocol in the client's order; nothing when a header is malformed.
std::optional<Values> offered_subprotocols(const Values& headers) {
  Values offered;
  for (const std::string_view header : headers) {
    HeaderScanner scanner(header);
    scanner.skip_commas();
    if (scanner.at_end()) return std::nullopt;
    for (; !scanner.at_end(); scanner.skip_commas()) {
      const std::string_view name = scanner.token();
      if (name.empty() || (!scanner.accept(',') && !scanner.at_end())) return std::nullopt;
      const bool repeated = std::find(offered.begin(), offered.end(), name) != offered.end();
      if (repeated || offered.size() == kSubprotocolsMax) return std::nullopt;
      offered.push_back(name);
    }
  }
  return offered;
}

std::string join(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

Refusal choose_subprotocol(const Values& headers, std::span<const std::string_view> supported,
                           HandshakeResult& result) {
  const auto offered = offered_subprotocols(headers);
  if (!offered) return refuse(400, "Sec-WebSocket-Protocol is malformed");
  bool any = false;
  for (const std::string_view name : *offered) {
    if (name.starts_with(kTokenSubprotocolPrefix)) {
      if (!result.token.empty()) return refuse(400, "more than one token was offered");
      result.token = name.substr(kTokenSubprotocolPrefix.size());
      if (result.token.empty()) return refuse(400, "the offered token is empty");
      continue;
    }
    any = true;
    const bool known = std::find(supported.begin(), supported.end(), name) != supported.end();
    if (known && result.subprotocol.empty()) result.subprotocol = name;
  }
  if (any && result.subprotocol.empty())
    return refuse(400, "none of the subprotocols is supported; supported: " + join(supported));
  return std::nullopt;
}

}  // namespace

std::expected<HandshakeResult, HandshakeRefusal> handshake(const HandshakeRequest& request,
                                                           const HandshakePolicy& policy) {
  Fields fields;
  if (auto refusal = collect(request.headers, fields)) return std::unexpected(std::move(*refusal));
  if (auto refusal = check_request_line(request)) return std::unexpected(std::move(*refusal));
  if (auto refusal = check_message(fields)) return std::unexpected(std::move(*refusal));
  if (auto refusal = check_upgrade(fields)) return std::unexpected(std::move(*refusal));

  HandshakeResult result;
  if (auto refusal = choose_subprotocol(fields.protocol, policy.subprotocols, result))
    return std::unexpected(std::move(*refusal));
  auto deflate = negotiate_deflate(fields.extensions, policy.deflate);
  if (!deflate) return std::unexpected(refuse(400, deflate.error()));
  result.deflate = deflate->params;
  result.extensions = std::move(deflate->response);
  result.accept = accept_key(fields.key.front());
  return result;
}

std::string accept_key(std::string_view key) {
  const std::string input = std::string(key).append(kGuid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string HandshakeResult::response() const {
  std::string text =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept + "\r\n";
  if (!subprotocol.empty()) text += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
  if (!extensions.empty()) text += "Sec-WebSocket-Extensions: " + extensions + "\r\n";
  return text + "\r\n";
}

}  // namespace tidewire::ws
