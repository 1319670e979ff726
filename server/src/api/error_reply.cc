#include "api/error_reply.h"

#include <string>
#include <string_view>

#include "protocol/replies.h"

namespace tidewire {

http::Response error_reply(int status, const Error& error) {
  http::Response response(status);
  response.body("application/json; charset=utf-8", R"({"error":)" + error_payload(error) + '}');
  if (status == 401) response.set("WWW-Authenticate", "Bearer");
  if (error.retry_after_ms > 0)
    response.set("Retry-After", std::to_string((error.retry_after_ms + 999) / 1000));
  return response;
}

http::Response error_reply(const Error& error) {
  return error_reply(http_status(error.code), error);
}

http::Response body_error_reply(Error error) {
  constexpr std::string_view kPayload = "/payload";
  if (error.path.starts_with(kPayload)) error.path.erase(0, kPayload.size());
  return error_reply(error);
}

}  // namespace tidewire
