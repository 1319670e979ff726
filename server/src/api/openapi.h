#pragma once

#include <string_view>

namespace tidewire {

/// The OpenAPI 3.1 document of the server API, as JSON text; served at /openapi.json. It is made
/// from protocol/api.json by tools/generate-openapi.
extern const std::string_view kOpenApi;

}  // namespace tidewire
