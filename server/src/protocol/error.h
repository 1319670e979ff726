#pragma once

#include <expected>
#include <string>
#include <utility>

#include "protocol/codes.gen.h"

namespace tidewire {

/// Why a command, a token or a request was refused. It answers a command; it never ends a
/// connection (that is a CloseCode). Replies turn it into the payload of an `error` message.
///
/// A plain value. Texts are for people and never contain tokens or payloads.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string path;        // JSON pointer (RFC 6901) at the fault, may be empty
  int retry_after_ms = 0;  // 0: not told
  std::string details;     // raw JSON members for the error's payload, e.g. "\"expectedIndex\":4"
};

/// `return fail(ErrorCode::invalid_channel, "a channel is namespace:rest", "/channel");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message,
                                                 std::string path = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(path), 0, {}});
}

}  // namespace tidewire
