#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/api_service.h"
#include "http/body_sink.h"
#include "http/request.h"
#include "http/response.h"
#include "net/stream.h"

namespace tidewire {

/// Turns an HTTP connection into a WebSocket connection: gets the stream and the bytes that came
/// behind the request.
using UpgradeFn =
    std::move_only_function<void(std::unique_ptr<net::Stream>, std::span<const char> pending)>;

/// What a listener serves.
///
/// Thread: the shard of the connection.
class HttpService {
 public:
  /// What happens to a request that asks for an upgrade: a refusal, or the upgrade.
  struct UpgradeDecision {
    std::optional<http::Response> refusal;
    UpgradeFn upgrade;
  };

  /// `request` is valid during the call only.
  virtual void handle(const http::Request& request, RespondFn respond) = 0;
  /// Whether a request of this method and path is taken by body_sink() while its body arrives.
  [[nodiscard]] virtual bool streams_body(std::string_view /*method*/, std::string_view /*path*/) {
    return false;
  }
  /// Takes such a request; nullptr: it has been answered. `resume` is called on the shard when the
  /// sink takes more again.
  virtual std::unique_ptr<http::BodySink> body_sink(const http::Request& /*request*/,
                                                    RespondFn /*respond*/,
                                                    std::function<void()> /*resume*/) {
    return nullptr;
  }
  virtual UpgradeDecision upgrade(const http::Request& request, const net::Stream& stream) = 0;

 protected:
  ~HttpService() = default;
};

}  // namespace tidewire
