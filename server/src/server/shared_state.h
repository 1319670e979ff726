#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "auth/authenticator.h"
#include "auth/origin_policy.h"
#include "config/config.h"
#include "history/sqlite_storage.h"
#include "limits/connection_caps.h"
#include "limits/connection_rate.h"
#include "limits/rate_limiter.h"
#include "net/tls_context.h"
#include "observability/metrics_registry.h"
#include "session/hook_caller.h"
#include "session/session_directory.h"
#include "session/transfer_desk.h"
#include "session/user_directory.h"

namespace tidewire {

/// What all shards of the server share. Everything here is immutable once the shards run, or may
/// be used from any thread.
///
/// Owner: the Server.
struct SharedState {
  explicit SharedState(const Config& configuration);

  const Config config;
  std::shared_ptr<const Authenticator> authenticator;
  OriginPolicy origins;
  ConnectionCaps caps;
  ConnectionRate connects;
  RateLimiter rates;
  UserDirectory users;
  MetricsRegistry metrics;
  std::unique_ptr<net::TlsContext> tls;    // nullptr: plain
  std::unique_ptr<SqliteStorage> storage;  // nullptr: in memory
  std::vector<SessionDirectory*> sessions;
  const HookCaller* hooks = &HookCaller::none();  // set before the shards are made
  TransferDesk* transfers = nullptr;              // likewise
  std::atomic<bool> draining{false};
};

}  // namespace tidewire
