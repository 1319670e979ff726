#pragma once

#include "api/api_service.h"
#include "net/listener.h"
#include "server/http_service.h"
#include "server/shard_server.h"

namespace tidewire {

/// What the internal listener serves: the server API, on one shard, without TLS.
///
/// Owner:  the Server. Thread: its shard's.
class InternalService final : public net::ListenerEvents, public HttpService {
 public:
  explicit InternalService(ShardServer& shard);

 private:
  void on_accept(net::UniqueFd socket, const net::SocketAddress& peer) override;
  void on_exhausted(int error, std::size_t refused) override;
  void handle(const http::Request& request, RespondFn respond) override;
  [[nodiscard]] bool streams_body(std::string_view method, std::string_view path) override;
  std::unique_ptr<http::BodySink> body_sink(const http::Request& request, RespondFn respond,
                                            std::function<void()> resume) override;
  UpgradeDecision upgrade(const http::Request& request, const net::Stream& stream) override;

  ShardServer& shard_;
  ApiService api_;
};

}  // namespace tidewire
