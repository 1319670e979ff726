#include "http/response.h"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>

#include "http/characters.h"
#include "http/http_date.h"

namespace tidewire::http {
namespace {

namespace beast = boost::beast;

bool is_field_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return is_control(c) && c != '\t'; });
}

/// 1xx, 204 and 304 have no body, and no Content-Length beside 304's optional one (RFC 9110, 8.6).
bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::uint64_t body_size(const Response& response) {
  return response.source() != nullptr ? response.source()->size() : response.text().size();
}

beast::string_view beast_view(std::string_view text) { return {text.data(), text.size()}; }

std::string json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      quoted.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted.append("\\u00").append(
          {kHex[static_cast<std::size_t>(c) / 16], kHex[static_cast<std::size_t>(c) % 16]});
    } else {
      quoted += c;
    }
  }
  return quoted += '"';
}

/// Beast's serializer hands out the head in pieces; this joins them.
std::string head_of(beast::http::response<beast::http::empty_body>& message) {
  std::string head;
  beast::http::response_serializer<beast::http::empty_body> serializer(message);
  beast::error_code code;
  while (!serializer.is_done()) {
    serializer.next(code, [&](beast::error_code&, const auto& buffers) {
      for (const boost::asio::const_buffer piece : beast::buffers_range_ref(buffers))
        head.append(static_cast<const char*>(piece.data()), piece.size());
      serializer.consume(boost::asio::buffer_size(buffers));
    });
    if (code) break;
  }
  return head;
}

}  // namespace

bool Response::accept(std::string_view name, std::string_view value) {
  if (!poisoned_ && is_token(name) && is_field_value(value)) return true;
  *this = Response(500);
  poisoned_ = true;
  return false;
}

Response& Response::set(std::string_view name, std::string_view value) {
  std::erase_if(headers_, [name](const auto& header) { return same_token(header.first, name); });
  return add(name, value);
}

Response& Response::add(std::string_view name, std::string_view value) {
  if (accept(name, value)) headers_.emplace_back(name, value);
  return *this;
}

Response& Response::body(std::string_view content_type, std::string text) {
  if (poisoned_) return *this;
  text_ = std::move(text);
  return set("Content-Type", content_type);
}

Response& Response::body(std::unique_ptr<BodySource> source) {
  if (!poisoned_) source_ = std::move(source);
  return *this;
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& header : headers_)
    if (same_token(header.first, name)) return header.second;
  return {};
}

std::string serialize(const Response& response, const SerializeOptions& options) {
  beast::http::response<beast::http::empty_body> message;
  message.version(11);
  message.result(static_cast<unsigned>(response.status()));
  for (const auto& [name, value] : response.headers())
    message.insert(beast_view(name), beast_view(value));
  if (response.status() >= 200)
    message.set(beast::http::field::date, format_http_date(options.now_ms / 1000));
  if (has_body(response.status()))
    message.set(beast::http::field::content_length, std::to_string(body_size(response)));
  if (response.status() >= 200 && !(response.keep_alive() && options.keep_alive))
    message.set(beast::http::field::connection, "close");
  std::string bytes = head_of(message);
  if (has_body(response.status()) && !options.head_only) bytes += response.text();
  return bytes;
}

std::string error_json(int code, std::string_view name, std::string_view message, bool retryable) {
  return R"({"error":{"code":)" + std::to_string(code) + R"(,"name":)" + json_string(name) +
         R"(,"message":)" + json_string(message) + R"(,"retryable":)" +
         (retryable ? "true}}" : "false}}");
}

Response error_response(int status, int code, std::string_view name, std::string_view message,
                        bool retryable) {
  Response response(status);
  response.body("application/json", error_json(code, name, message, retryable))
      .set("Cache-Control", "no-store")
      .set("X-Content-Type-Options", "nosniff");
  return response;
}

Response refusal(const ParseError& error, int code, std::string_view name) {
  Response response = error_response(error.status, code, name, error.reason);
  response.close();
  return response;
}

Response method_not_allowed(std::string_view allow) {
  Response response(405);
  response.body("text/plain; charset=utf-8", "method not allowed\n").set("Allow", allow);
  return response;
}

}  // namespace tidewire::http
