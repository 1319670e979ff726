#include "api/api_service.h"

#include <array>
#include <utility>

#include <openssl/crypto.h>

#include "api/error_reply.h"
#include "api/json_reply.h"
#include "api/openapi.h"
#include "base/json_string.h"
#include "protocol/json_writer.h"

namespace tidewire {
namespace {

constexpr std::string_view kPrefix = "/api/v1/";
constexpr std::string_view kBearer = "Bearer ";

http::Response text(int status, std::string body) {
  http::Response response(status);
  response.body("text/plain; charset=utf-8", std::move(body));
  return response;
}

bool is_read(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

ApiService::ApiService(ApiParts parts) : parts_(std::move(parts)) {}

ApiService::Handler ApiService::find(std::string_view name) {
  static constexpr auto kHandlers = std::to_array<std::pair<std::string_view, Handler>>({
      {"publish", &ApiService::publish},
      {"broadcast", &ApiService::broadcast},
      {"batch", &ApiService::batch},
      {"history", &ApiService::history},
      {"history/remove", &ApiService::history_remove},
      {"presence", &ApiService::presence},
      {"presence_stats", &ApiService::presence_stats},
      {"receipts", &ApiService::receipts},
      {"channels", &ApiService::channels},
      {"connections", &ApiService::connections},
      {"disconnect", &ApiService::disconnect},
      {"subscribe", &ApiService::subscribe},
      {"unsubscribe", &ApiService::unsubscribe},
      {"refresh", &ApiService::refresh},
      {"state/get", &ApiService::state_get},
      {"state/set", &ApiService::state_set},
      {"state/delete", &ApiService::state_delete},
      {"streams/open", &ApiService::stream_open},
      {"streams/append", &ApiService::stream_append},
      {"streams/complete", &ApiService::stream_complete},
      {"streams/cancel", &ApiService::stream_cancel},
      {"streams/status", &ApiService::stream_status},
      {"streams/ingest", &ApiService::stream_ingest},
      {"rpc", &ApiService::rpc},
      {"sessions", &ApiService::sessions},
  });
  for (const auto& [known, handler] : kHandlers)
    if (known == name) return handler;
  return nullptr;
}

bool ApiService::authorized(const http::Request& request) const {
  const std::string& key = parts_.config.api.key;
  if (key.empty() || request.count("Authorization") != 1) return false;
  std::string_view given = *request.header("Authorization");
  if (given.size() <= kBearer.size() ||
      !http::same_token(given.substr(0, kBearer.size() - 1), kBearer.substr(0, kBearer.size() - 1)))
    return false;
  given.remove_prefix(kBearer.size());
  return given.size() == key.size() && CRYPTO_memcmp(given.data(), key.data(), key.size()) == 0;
}

void ApiService::handle(const http::Request& request, RespondFn respond) {
  if (request.path.starts_with("/api/")) {
    const std::string_view path = request.path;
    return call(request, path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : "",
                std::move(respond));
  }
  const bool known = request.path == "/livez" || request.path == "/readyz" ||
                     request.path == "/metrics" || request.path == "/openapi.json";
  if (!known)
    return respond(error_reply({.code = ErrorCode::not_found, .message = "no such path"}));
  if (!is_read(request)) return respond(http::method_not_allowed("GET, HEAD"));
  if (request.path == "/livez") return respond(text(200, "ok\n"));
  if (request.path == "/readyz") return respond(ready());
  if (request.path == "/openapi.json") return respond(json_reply(std::string(kOpenApi)));
  http::Response response;
  response.body(MetricsRegistry::kContentType, parts_.metrics.text());
  respond(std::move(response));
}

http::Response ApiService::ready() const {
  const std::vector<std::string> reasons = parts_.not_ready();
  std::string list = "[";
  for (const std::string& reason : reasons) {
    if (list.size() > 1) list += ',';
    append_json_string(list, reason);
  }
  http::Response response(reasons.empty() ? 200 : 503);
  response.body("application/json; charset=utf-8",
                JsonObject().boolean("ready", reasons.empty()).raw("reasons", list + "]").finish());
  return response;
}

RespondFn ApiService::count(RespondFn respond, std::string_view name) const {
  const EndpointLabel label = endpoint_label(name);
  return [&probe = parts_.probe, label,
          respond = std::move(respond)](http::Response response) mutable {
    probe.api_request(label, status_label(static_cast<unsigned>(response.status()))).add();
    respond(std::move(response));
  };
}

http::Response ApiService::no_key() {
  return error_reply({.code = ErrorCode::unauthorized,
                      .message = "the server API needs `Authorization: Bearer <api.key>`"});
}

http::Response ApiService::not_a_post() {
  return std::move(error_reply(405, {.code = ErrorCode::invalid_message,
                                     .message = "only POST is answered here"})
                       .set("Allow", "POST"));
}

void ApiService::call(const http::Request& request, std::string_view name, RespondFn respond) {
  RespondFn counted = count(std::move(respond), name);
  if (!authorized(request)) return counted(no_key());
  if (call_send(name, request, counted)) return;
  const Handler handler = find(name);
  if (handler == nullptr)
    return counted(error_reply({.code = ErrorCode::not_found, .message = "no such API endpoint"}));
  if (request.method != "POST") return counted(not_a_post());
  (this->*handler)(request.body, std::move(counted));
}

}  // namespace tidewire
