#pragma once

#include <functional>
#include <string>

#include "config/config.h"

namespace tidewire {

/// Where a started server is reachable, with the ports that port 0 turned into.
struct RunningServer {
  std::string public_url;    // http://127.0.0.1:8000, or https:// with TLS
  std::string internal_url;  // http://127.0.0.1:9000
};

/// Runs the server until SIGTERM or SIGINT and a graceful shutdown, then returns the exit code of
/// the process: 0, or 1 when it could not listen or start. Calls `on_listening` once, when both
/// listeners accept. Thread: main; it returns after every other thread was joined.
[[nodiscard]] int run_server(const Config& config,
                             std::function<void(const RunningServer&)> on_listening);

}  // namespace tidewire
