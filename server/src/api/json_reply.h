#pragma once

#include <string>
#include <utility>

#include "http/response.h"

namespace tidewire {

/// A response with a JSON text as its body.
[[nodiscard]] inline http::Response json_reply(std::string body) {
  http::Response response;
  response.body("application/json; charset=utf-8", std::move(body));
  return response;
}

}  // namespace tidewire
