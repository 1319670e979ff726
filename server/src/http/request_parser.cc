#include "http/request_parser.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/chunk_scanner.h"
#include "http/framing.h"
#include "http/head_scanner.h"
#include "http/target.h"

namespace tidewire::http {
namespace beast = boost::beast;
namespace {

/// A streamed body is bounded by what takes it; this keeps the counting from overflowing.
constexpr std::size_t kStreamedBytesMax = std::size_t{1} << 40;

}  // namespace

struct RequestParser::State {
  explicit State(const RequestLimits& request_limits)
      : limits(request_limits), head(request_limits), chunks(request_limits.body_bytes_max) {
    // The scanners hold the limits; Beast's must never be the first to strike.
    beast_parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes_max + 1));
    beast_parser.body_limit(limits.body_bytes_max);
    beast_parser.eager(true);
  }

  void feed(std::span<const char> bytes);
  void end_head();
  void feed_chunks(std::span<const char> bytes);
  void feed_length(std::span<const char> bytes);
  void fill_request();
  [[nodiscard]] bool give_beast();
  void complete();
  void fail(const ParseError& why) {
    error = why;
    status = ParseStatus::error;
  }

  RequestLimits limits;
  std::function<bool(std::string_view, std::string_view)> streams;
  bool streaming = false;
  std::string piece;  // of a streamed body, from the last feed()
  ParseStatus status = ParseStatus::need_more;
  HeadScanner head;
  ChunkScanner chunks;
  Framing framing;
  std::uint64_t body_bytes_left = 0;
  beast::http::request_parser<beast::http::string_body> beast_parser;
  std::string pending;  // taken from the caller, not yet by Beast
  Request request;
  ParseError error;
  bool continue_asked = false;
  std::size_t consumed = 0;
  std::span<const char> rest;
};

void RequestParser::State::feed(std::span<const char> bytes) {
  if (!head.done()) {
    const auto taken = head.feed(bytes);
    if (!taken) return fail(taken.error());
    consumed += *taken;
    bytes = bytes.subspan(*taken);
    if (!head.done()) return;
    end_head();
  }
  if (status != ParseStatus::need_more) return;
  if (framing.chunked) {
    feed_chunks(bytes);
  } else {
    feed_length(bytes);
  }
}

void RequestParser::State::end_head() {
  auto target = parse_target(head.method(), head.target());
  streaming = target && streams && streams(head.method(), target->path);
  RequestLimits bounds = limits;
  if (streaming) {
    bounds.body_bytes_max = kStreamedBytesMax;
    beast_parser.body_limit(boost::none);
    chunks = ChunkScanner(kStreamedBytesMax);
  }
  const auto framed = frame_request(head.headers(), bounds);
  if (!framed) return fail(framed.error());
  framing = *framed;
  body_bytes_left = framing.content_length;
  continue_asked = framing.expects_continue;
  if (!target) return fail(target.error());
  request.path = std::move(target->path);
  request.query = target->query;
  pending = head.bytes();
  if (!give_beast()) return;
  if (!beast_parser.is_header_done()) return fail({400, "the request is malformed"});
  if (!framing.chunked && body_bytes_left == 0) return complete();
  if (!streaming) return;
  fill_request();
  status = ParseStatus::head;
}

void RequestParser::State::feed_chunks(std::span<const char> bytes) {
  while (!bytes.empty() && !chunks.done()) {
    const auto taken = chunks.feed(bytes);
    if (!taken) return fail(taken.error());
    consumed += *taken;
    pending.append(bytes.data(), *taken);
    if (chunks.whole() && !give_beast()) return;
    if (streaming) piece += std::exchange(beast_parser.get().body(), {});
    bytes = bytes.subspan(*taken);
  }
  if (chunks.done()) complete();
}

void RequestParser::State::feed_length(std::span<const char> bytes) {
  const auto taken =
      static_cast<std::size_t>(std::min<std::uint64_t>(body_bytes_left, bytes.size()));
  body_bytes_left -= taken;
  consumed += taken;
  if (streaming) {
    // Beast would make room for all of it at once.
    piece.append(bytes.data(), taken);
    if (body_bytes_left == 0) status = ParseStatus::complete;
    return;
  }
  pending.append(bytes.data(), taken);
  if (give_beast() && body_bytes_left == 0) complete();
}

/// What Beast does not take waits for more in `pending`.
bool RequestParser::State::give_beast() {
  std::size_t used = 0;
  while (used < pending.size()) {
    boost::system::error_code code;
    const std::size_t taken = beast_parser.put(
        boost::asio::const_buffer(pending.data() + used, pending.size() - used), code);
    used += taken;
    if (code == beast::http::error::need_more || (!code && taken == 0)) break;
    if (code) {
      fail({400, "the request is malformed"});
      return false;
    }
  }
  pending.erase(0, used);
  return true;
}

void RequestParser::State::complete() {
  if (!beast_parser.is_done()) return fail({400, "the body is malformed"});
  status = ParseStatus::complete;
  if (streaming && !request.method.empty()) return;
  fill_request();
  request.body = beast_parser.get().body();
}

void RequestParser::State::fill_request() {
  const auto& message = beast_parser.get();
  request.method = head.method();
  request.target = head.target();
  request.headers.reserve(limits.headers_max);
  for (const auto& field : message)
    request.headers.push_back({{field.name_string().data(), field.name_string().size()},
                               {field.value().data(), field.value().size()}});
  request.keep_alive = message.keep_alive();
  request.upgrade = framing.upgrade;
}

RequestParser::RequestParser(const RequestLimits& limits)
    : state_(std::make_unique<State>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

ParseStatus RequestParser::feed(std::span<const char> bytes) {
  state_->consumed = 0;
  state_->piece.clear();
  if (state_->status == ParseStatus::head) state_->status = ParseStatus::need_more;
  if (state_->status == ParseStatus::need_more) state_->feed(bytes);
  state_->rest = bytes.subspan(state_->consumed);
  return state_->status;
}

ParseStatus RequestParser::status() const { return state_->status; }
std::size_t RequestParser::consumed() const { return state_->consumed; }
std::span<const char> RequestParser::rest() const { return state_->rest; }

const Request& RequestParser::request() const {
  assert(state_->status == ParseStatus::complete || state_->streaming);
  return state_->request;
}

const ParseError& RequestParser::error() const {
  assert(state_->status == ParseStatus::error);
  return state_->error;
}

bool RequestParser::started() const { return state_->head.started(); }

bool RequestParser::take_expects_continue() {
  const bool waits =
      state_->status == ParseStatus::need_more || state_->status == ParseStatus::head;
  return waits && std::exchange(state_->continue_asked, false);
}

void RequestParser::stream_bodies_of(
    std::function<bool(std::string_view method, std::string_view path)> streams) {
  state_->streams = std::move(streams);
}

std::string_view RequestParser::body_piece() const { return state_->piece; }

void RequestParser::reset() {
  auto fresh = std::make_unique<State>(state_->limits);
  fresh->streams = std::move(state_->streams);
  state_ = std::move(fresh);
}

}  // namespace tidewire::http
