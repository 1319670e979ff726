#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "http/body_sink.h"
#include "http/request.h"
#include "http/response.h"
#include "hub/node.h"
#include "limits/rate_limiter.h"
#include "observability/metrics_registry.h"
#include "protocol/schema_registry.h"
#include "session/session_desk.h"
#include "session/session_directory.h"

namespace tidewire {

class RpcDesk;

/// Takes the answer to one request, on the shard of the API, now or later; once.
using RespondFn = std::move_only_function<void(http::Response)>;

/// What the server API works on.
struct ApiParts {
  const Config& config;
  Node& node;  // of the shard that serves the API
  SchemaRegistry& schemas;
  const std::vector<SessionDirectory*>& sessions;  // of every shard
  SessionDesk& desk;
  const MetricsRegistry& metrics;
  RpcDesk& rpc;
  ServerMetrics& probe;
  RateLimiter& rates;
  std::shared_ptr<const Authenticator> authenticator;
  const Clock& clock;
  /// Why the server takes no new work; empty: it is ready.
  std::function<std::vector<std::string>()> not_ready;
};

/// The internal listener: health, metrics and `POST /api/v1/*` (protocol.md, "HTTP").
///
/// Owner:  the server. Thread: one shard's.
/// Errors: real HTTP codes with the protocol's error object. Without a valid key every API path
///         answers 401, whether it exists or not.
class ApiService {
 public:
  explicit ApiService(ApiParts parts);

  static constexpr std::string_view kIngestPath = "/api/v1/streams/ingest";

  /// `request` is valid during the call only.
  void handle(const http::Request& request, RespondFn respond);

  /// Takes a request for kIngestPath while its body arrives; nullptr: it has been answered.
  [[nodiscard]] std::unique_ptr<http::BodySink> ingest(const http::Request& request,
                                                       RespondFn respond,
                                                       std::function<void()> resume);

 private:
  using Handler = void (ApiService::*)(std::string_view body, RespondFn respond);

  [[nodiscard]] static Handler find(std::string_view name);
  [[nodiscard]] bool authorized(const http::Request& request) const;
  [[nodiscard]] static http::Response no_key();
  [[nodiscard]] static http::Response not_a_post();
  /// Counts the answer for the endpoint.
  [[nodiscard]] RespondFn count(RespondFn respond, std::string_view name) const;
  void call(const http::Request& request, std::string_view name, RespondFn respond);
  [[nodiscard]] http::Response ready() const;

  void publish(std::string_view body, RespondFn respond);
  void broadcast(std::string_view body, RespondFn respond);
  void history(std::string_view body, RespondFn respond);
  void history_remove(std::string_view body, RespondFn respond);
  void presence(std::string_view body, RespondFn respond);
  void presence_stats(std::string_view body, RespondFn respond);
  void receipts(std::string_view body, RespondFn respond);
  void channels(std::string_view body, RespondFn respond);
  void connections(std::string_view body, RespondFn respond);
  void disconnect(std::string_view body, RespondFn respond);
  void subscribe(std::string_view body, RespondFn respond);
  void unsubscribe(std::string_view body, RespondFn respond);
  void refresh(std::string_view body, RespondFn respond);
  void state_get(std::string_view body, RespondFn respond);
  void state_set(std::string_view body, RespondFn respond);
  void state_delete(std::string_view body, RespondFn respond);
  void batch(std::string_view body, RespondFn respond);
  void rpc(std::string_view body, RespondFn respond);
  void sessions(std::string_view body, RespondFn respond);

  /// `sessions/{id}/send` and `users/{id}/send`; false: `name` is neither.
  bool call_send(std::string_view name, const http::Request& request, RespondFn& respond);
  void send(std::vector<std::string> sessions, std::string_view body, RespondFn respond);

  void stream_open(std::string_view body, RespondFn respond);
  void stream_append(std::string_view body, RespondFn respond);
  void stream_complete(std::string_view body, RespondFn respond);
  void stream_cancel(std::string_view body, RespondFn respond);
  void stream_status(std::string_view body, RespondFn respond);
  void stream_ingest(std::string_view body, RespondFn respond);

  ApiParts parts_;
};

}  // namespace tidewire
