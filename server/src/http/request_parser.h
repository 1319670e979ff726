#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/parse_error.h"
#include "http/request.h"
#include "http/request_limits.h"

namespace tidewire::http {

enum class ParseStatus : std::uint8_t {
  need_more,
  head,  // whole but for its body, which is taken as it comes
  complete,
  error
};

/// Reads one HTTP/1.1 request from bytes that arrive in pieces.
///
/// The grammar is Boost.Beast's. Before it sees a byte, HeadScanner and ChunkScanner refuse what a
/// proxy in front of us might read differently (RFC 9112, 11.2): bare CR or LF, folded lines, space
/// before a colon, control bytes, several or odd lengths, a length together with chunks.
///
/// Owner:  one connection; reset() makes it ready for the next request.
/// Thread: any one.
/// Limits: RequestLimits; memory is at most head_bytes_max + body_bytes_max and what Beast adds.
/// Errors: error(); from then on feed() consumes nothing.
/// Order:  feed() until it says complete; then request() and rest(). Where the bytes are cut never
///         changes the outcome.
class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits = {});
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  /// Takes what it needs of `bytes` and leaves what follows the request, such as the first frames
  /// after an upgrade or the next request, in rest().
  [[nodiscard]] ParseStatus feed(std::span<const char> bytes);
  [[nodiscard]] ParseStatus status() const;

  /// Requests for which `streams` says true (by method and path) do not wait for their body, and
  /// body_bytes_max is not theirs: feed() says `head` once, then body_piece() has what each feed()
  /// brought. Kept by reset().
  void stream_bodies_of(
      std::function<bool(std::string_view method, std::string_view path)> streams);
  /// The part of such a body that the last feed() brought, chunks undone.
  [[nodiscard]] std::string_view body_piece() const;

  /// How many bytes of the last feed() were used.
  [[nodiscard]] std::size_t consumed() const;
  /// The unused tail of the last feed(): a view into the caller's bytes.
  [[nodiscard]] std::span<const char> rest() const;

  /// The request; only once feed() said head or complete.
  [[nodiscard]] const Request& request() const;
  /// The refusal; only once feed() said error.
  [[nodiscard]] const ParseError& error() const;

  /// True once a byte of a request has arrived: the header deadline runs.
  [[nodiscard]] bool started() const;
  /// True once, when the client waits for `100 Continue` before it sends the body (RFC
  /// 9110, 10.1.1).
  [[nodiscard]] bool take_expects_continue();

  /// Forgets everything: ready for the next request.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidewire::http
