#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "api/api_service.h"
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
  virtual UpgradeDecision upgrade(const http::Request& request, const net::Stream& stream) = 0;

 protected:
  ~HttpService() = default;
};

}  // namespace tidewire
