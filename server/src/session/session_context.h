#pragma once

#include <memory>
#include <vector>

#include "auth/authenticator.h"
#include "base/timer_wheel.h"
#include "config/config.h"
#include "hub/node.h"
#include "limits/rate_limiter.h"
#include "observability/server_metrics.h"
#include "protocol/codec.h"
#include "protocol/schema_registry.h"
#include "session/hook_caller.h"
#include "session/rpc_desk.h"
#include "session/session_desk.h"
#include "session/session_directory.h"
#include "session/session_journal.h"
#include "session/transfer_desk.h"
#include "session/user_directory.h"

namespace tidewire {

/// What all sessions of one shard share.
///
/// Owner:  the shard's server part; outlives its sessions. Thread: the shard's.
struct SessionContext {
  const Config& config;
  Node& node;
  Codec& json;
  Codec& proto;
  WireForms& forms;
  ws::DeflateScratch& deflate;
  const Clock& clock;
  TimerWheel& timers;
  ServerMetrics& metrics;
  SchemaRegistry& schemas;
  SessionDirectory& sessions;
  const std::vector<SessionDirectory*>& all_sessions;  // of every shard, for post() to it
  UserDirectory& users;
  RateLimiter& rates;
  RpcDesk& rpc;
  SessionDesk& desk;
  std::shared_ptr<const Authenticator> authenticator;  // replaced when the keys are reloaded
  const HookCaller* hooks = &HookCaller::none();
  TransferDesk* transfers = nullptr;  // nullptr: messages come in one piece only
  SessionJournal* journal = nullptr;  // nullptr: sessions end with the process
};

}  // namespace tidewire
