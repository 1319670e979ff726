#pragma once

#include "http/response.h"
#include "protocol/error.h"

namespace tidewire {

/// A response with the protocol's error object, `{"error": {...}}`, and Retry-After when the error
/// says how long to wait.
[[nodiscard]] http::Response error_reply(int status, const Error& error);

/// The same with the status that belongs to the error's code (protocol.md, "Errors").
[[nodiscard]] http::Response error_reply(const Error& error);

/// The same for a body whose members stand where a client's message has them in its `payload`:
/// `/payload/key` of the error is `/key` of the body.
[[nodiscard]] http::Response body_error_reply(Error error);

}  // namespace tidewire
