#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "observability/counter.h"
#include "observability/histogram.h"
#include "observability/labels.h"

namespace tidewire {

/// Everything one shard counts: the probe that its modules write to.
///
/// Owner:   the shard; it outlives every connection and the registry that reads it.
/// Thread:  only the shard writes; the registry reads from any thread.
/// Names:   each member's name in /metrics, with its help, is in metrics_registry.cc.
struct alignas(64) ServerMetrics {
  std::array<ByLabel<KindLabel, Gauge>, LabelValues<TransportLabel>::text.size()> connections;
  [[nodiscard]] Gauge& connections_of(KindLabel kind, TransportLabel transport) {
    return connections[std::to_underlying(transport)][kind];
  }
  Counter connections_opened;
  std::array<ByLabel<CloseLabel>, LabelValues<SideLabel>::text.size()> connections_closed;
  [[nodiscard]] Counter& closed_by(SideLabel side, CloseLabel code) {
    return connections_closed[std::to_underlying(side)][code];
  }
  ByLabel<HandshakeLabel> handshakes;
  ByLabel<AuthFailureLabel> auth_failures;
  ByLabel<SessionLabel> sessions;
  std::array<ByLabel<RateLabel>, LabelValues<RateScope>::text.size()> rate_limited;
  [[nodiscard]] Counter& rate_limited_by(RateScope scope, RateLabel kind) {
    return rate_limited[std::to_underlying(scope)][kind];
  }

  ByLabel<TypeLabel> messages_received;
  ByLabel<TypeLabel> messages_sent;
  ByLabel<TypeLabel> bytes_received;  // of the message, without framing
  ByLabel<TypeLabel> bytes_sent;
  Counter wire_bytes_received;  // of the sockets, with framing, compressed
  Counter wire_bytes_sent;

  Counter publishes;    // accepted
  Counter deliveries;   // frames handed to an outbox
  Counter sends;        // write system calls
  Counter frames_sent;  // of WebSocket, handed to the kernel whole
  ByLabel<DropLabel> drops;
  ByLabel<LimitLabel> spills;            // channels that pause for a connection
  ByLabel<LimitLabel> slow_disconnects;  // connections closed with 4008
  Gauge queue_bytes;
  ByLabel<LaneLabel, Gauge> lane_bytes;  // of those, what can still be overtaken

  Gauge subscriptions;
  Gauge channels;       // on their owner shard
  Gauge history_bytes;  // on their owner shard
  Gauge streams;        // growing messages, on their owner shard
  ByLabel<RecoveryLabel> recoveries;
  Counter recovered_publications;

  ByLabel<AckLabel> acks;
  Counter redeliveries;
  Counter dead_letters;
  Gauge unacknowledged;  // sent and not acknowledged, of this shard's subscriptions
  Counter receipts;      // cursors that moved, on their channel's owner shard
  ByLabel<ReceiptLabel> receipt_waits;
  Counter duplicates;  // publishes that a session sent again

  std::array<ByLabel<StatusLabel>, LabelValues<EndpointLabel>::text.size()> api_requests;
  [[nodiscard]] Counter& api_request(EndpointLabel endpoint, StatusLabel status) {
    return api_requests[std::to_underlying(endpoint)][status];
  }

  Histogram handshake_seconds;   // accepted socket to 101 answered
  Histogram resume_seconds;      // auth decoded to every channel back
  Histogram publish_seconds;     // publish decoded to ack queued
  Histogram loop_lag_seconds;    // how long a turn of the shard was busy
  Histogram queue_age_seconds;   // oldest frame of an outbox when it left
  Histogram message_bytes;       // received messages
  Histogram messages_per_write;  // the coalescing factor
};

}  // namespace tidewire
