#include "server/internal_service.h"

#include <utility>

#include "api/error_reply.h"
#include "observability/log.h"

namespace tidewire {

InternalService::InternalService(ShardServer& shard)
    : shard_(shard),
      api_({.config = shard.state().config,
            .node = shard.node(),
            .schemas = shard.context().schemas,
            .sessions = shard.state().sessions,
            .desk = shard.context().desk,
            .metrics = shard.state().metrics,
            .rpc = shard.context().rpc,
            .probe = shard.metrics(),
            .rates = shard.state().rates,
            .authenticator = shard.context().authenticator,
            .clock = shard.shard().clock(),
            .not_ready = [&shard]() -> std::vector<std::string> {
              if (shard.state().draining.load(std::memory_order_relaxed))
                return {"the server is stopping"};
              if (const auto& storage = shard.state().storage)
                if (auto fault = storage->fault()) return {"history cannot be stored: " + *fault};
              return {};
            }}) {}

void InternalService::on_accept(net::UniqueFd socket, const net::SocketAddress& peer) {
  shard_.serve(std::move(socket), peer, *this, false);
}

void InternalService::on_exhausted(int error, std::size_t refused) {
  log_error("out of descriptors: API connections are refused",
            {{"errno", error}, {"refused", refused}});
}

void InternalService::handle(const http::Request& request, RespondFn respond) {
  api_.handle(request, std::move(respond));
}

bool InternalService::streams_body(std::string_view method, std::string_view path) {
  return method == "POST" && path == ApiService::kIngestPath;
}

std::unique_ptr<http::BodySink> InternalService::body_sink(const http::Request& request,
                                                           RespondFn respond,
                                                           std::function<void()> resume) {
  return api_.ingest(request, std::move(respond), std::move(resume));
}

HttpService::UpgradeDecision InternalService::upgrade(const http::Request& /*request*/,
                                                      const net::Stream& /*stream*/) {
  return {.refusal = std::move(
              error_reply(404, {.code = ErrorCode::not_found,
                                .message = "WebSocket connections go to the public listener"})
                  .close())};
}

}  // namespace tidewire
