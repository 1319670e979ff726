#pragma once

#include <functional>
#include <memory>
#include <span>

#include "net/lingering_streams.h"
#include "net/shard.h"
#include "observability/server_metrics.h"
#include "session/outbox.h"
#include "ws/deflate_scratch.h"

namespace tidewire {

class Connection;

/// Where connections of a shard are kept.
class ConnectionKeeper {
 public:
  /// Forgets `connection` and destroys it after this turn.
  virtual void release(Connection& connection) = 0;

 protected:
  ~ConnectionKeeper() = default;
};

/// What all connections of one shard share.
///
/// Owner:  the shard's ShardServer; outlives its connections. Thread: the shard's.
struct ConnectionParts {
  net::Shard& shard;
  net::LingeringStreams& lingering;
  ws::DeflateScratch& deflate;
  ServerMetrics& metrics;
  ConnectionKeeper& keeper;
  GatherScratch& scratch;
  OutboxLimits outbox_limits;
};

}  // namespace tidewire
