#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/short_id.h"
#include "net/socket_address.h"
#include "protocol/codes.gen.h"

namespace tidewire {

/// What is known of a connection from its handshake on, and what it has done so far.
///
/// Owner:  one Session. Thread: its shard's.
struct ConnectionInfo {
  ShortId connection_id;
  net::SocketAddress address;  // of the peer
  std::string client;          // name/version as the client said, cleaned
  ClientKind kind = ClientKind::unknown;
  bool tls = false;
  bool proto = false;       // tidewire.v1.proto
  bool compressed = false;  // permessage-deflate was agreed
  WallMillis connected_at = 0;
};

/// Counts of one connection, for /api/v1/connections.
struct ConnectionCounters {
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t errors = 0;   // error replies
  std::uint64_t dropped = 0;  // events not delivered under pressure
};

}  // namespace tidewire
