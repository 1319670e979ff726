#include "observability/metrics_registry.h"

#include <span>

#include <fmt/format.h>

#include "observability/metrics_text.h"
#include "observability/process_metrics.h"

namespace tidewire {
namespace {

constexpr double kSecondsPerTick = 1e-9;
constexpr double kBytesPerTick = 1;
constexpr double kMessagesPerTick = 1;

/// The bounds that are written, as powers of two of ticks: 1 us to 34 s, and 16 B to 16 MiB.
constexpr PowerRange kTimePowers{10, 35};
constexpr PowerRange kSizePowers{4, 24};
constexpr PowerRange kCountPowers{0, 14};

using Shards = std::span<const ServerMetrics* const>;

/// Sums what `pick` finds in each shard.
template <typename Pick>
auto sum(Shards shards, Pick pick) {
  decltype(pick(*shards[0]).value()) total = 0;
  for (const ServerMetrics* shard : shards) total += pick(*shard).value();
  return total;
}

template <typename Pick>
void write_plain(MetricsText& out, Shards shards, Pick pick) {
  out.sample({}, sum(shards, pick));
}

/// One series for each value of the label of the ByLabel that `pick` finds.
template <typename Label, typename Pick>
void write_labelled(MetricsText& out, Shards shards, std::string_view name, Pick pick) {
  const auto& texts = LabelValues<Label>::text;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto label = static_cast<Label>(i);
    out.sample({{name, texts[i]}},
               sum(shards, [&](const ServerMetrics& m) -> auto& { return pick(m)[label]; }));
  }
}

/// The same for an array of ByLabel: one series for each pair of values.
template <typename Outer, typename Inner, typename Pick>
void write_pairs(MetricsText& out, Shards shards, std::string_view outer, std::string_view inner,
                 Pick pick) {
  for (std::size_t i = 0; i < LabelValues<Outer>::text.size(); ++i)
    for (std::size_t j = 0; j < LabelValues<Inner>::text.size(); ++j)
      out.sample({{outer, LabelValues<Outer>::text[i]}, {inner, LabelValues<Inner>::text[j]}},
                 sum(shards, [&](const ServerMetrics& m) -> auto& {
                   return pick(m)[i][static_cast<Inner>(j)];
                 }));
}

template <typename Pick>
void write_histogram(MetricsText& out, Shards shards, PowerRange powers, double unit, Pick pick) {
  HistogramSum total;
  for (const ServerMetrics* shard : shards) total.add(pick(*shard));
  out.histogram(total, powers, unit);
}

/// Finds a member of ServerMetrics; a lambda because clang and g++ both inline it.
#define TIDEWIRE_PICK(member) [](const ServerMetrics& m) -> auto& { return m.member; }

void write_connections(MetricsText& out, Shards shards) {
  out.family("tidewire_connections", "gauge", "Open WebSocket connections.");
  write_pairs<TransportLabel, KindLabel>(out, shards, "transport", "kind",
                                         TIDEWIRE_PICK(connections));
  out.family("tidewire_connections_opened_total", "counter", "WebSocket connections opened.");
  write_plain(out, shards, TIDEWIRE_PICK(connections_opened));
  out.family("tidewire_connections_closed_total", "counter",
             "WebSocket connections ended, by the side that began and the close code.");
  write_pairs<SideLabel, CloseLabel>(out, shards, "side", "code",
                                     TIDEWIRE_PICK(connections_closed));
  out.family("tidewire_handshakes_total", "counter", "WebSocket handshakes, by result.");
  write_labelled<HandshakeLabel>(out, shards, "result", TIDEWIRE_PICK(handshakes));
  out.family("tidewire_auth_failures_total", "counter", "Tokens refused, by reason.");
  write_labelled<AuthFailureLabel>(out, shards, "reason", TIDEWIRE_PICK(auth_failures));
  out.family("tidewire_rate_limited_total", "counter",
             "Refusals by a rate limit, by whose it is and what it counts.");
  write_pairs<RateScope, RateLabel>(out, shards, "scope", "kind", TIDEWIRE_PICK(rate_limited));
}

void write_traffic(MetricsText& out, Shards shards) {
  out.family("tidewire_messages_received_total", "counter", "Messages from clients, by type.");
  write_labelled<TypeLabel>(out, shards, "type", TIDEWIRE_PICK(messages_received));
  out.family("tidewire_messages_sent_total", "counter", "Messages to clients, by type.");
  write_labelled<TypeLabel>(out, shards, "type", TIDEWIRE_PICK(messages_sent));
  out.family("tidewire_message_received_bytes_total", "counter",
             "Bytes of the messages from clients, without framing, by type.");
  write_labelled<TypeLabel>(out, shards, "type", TIDEWIRE_PICK(bytes_received));
  out.family("tidewire_message_sent_bytes_total", "counter",
             "Bytes of the messages to clients, without framing, by type.");
  write_labelled<TypeLabel>(out, shards, "type", TIDEWIRE_PICK(bytes_sent));
  out.family("tidewire_wire_received_bytes_total", "counter", "Bytes read from client sockets.");
  write_plain(out, shards, TIDEWIRE_PICK(wire_bytes_received));
  out.family("tidewire_wire_sent_bytes_total", "counter", "Bytes written to client sockets.");
  write_plain(out, shards, TIDEWIRE_PICK(wire_bytes_sent));
}

void write_delivery(MetricsText& out, Shards shards) {
  out.family("tidewire_publishes_total", "counter", "Publications accepted.");
  write_plain(out, shards, TIDEWIRE_PICK(publishes));
  out.family("tidewire_deliveries_total", "counter", "Frames given to the queue of a connection.");
  write_plain(out, shards, TIDEWIRE_PICK(deliveries));
  out.family("tidewire_sends_total", "counter",
             "Write system calls; deliveries divided by sends is the coalescing factor.");
  write_plain(out, shards, TIDEWIRE_PICK(sends));
  out.family("tidewire_frames_sent_total", "counter",
             "WebSocket frames written; a batch frame counts once.");
  write_plain(out, shards, TIDEWIRE_PICK(frames_sent));
  out.family("tidewire_drops_total", "counter", "Frames a slow consumer did not get, by reason.");
  write_labelled<DropLabel>(out, shards, "reason", TIDEWIRE_PICK(drops));
  out.family("tidewire_spills_total", "counter",
             "Channels paused for a slow connection, by the limit that was reached.");
  write_labelled<LimitLabel>(out, shards, "limit", TIDEWIRE_PICK(spills));
  out.family("tidewire_slow_disconnects_total", "counter",
             "Connections closed because they read too slowly, by the limit that was reached.");
  write_labelled<LimitLabel>(out, shards, "limit", TIDEWIRE_PICK(slow_disconnects));
  out.family("tidewire_queue_bytes", "gauge", "Bytes waiting to be sent to clients.");
  write_plain(out, shards, TIDEWIRE_PICK(queue_bytes));
  out.family("tidewire_lane_bytes", "gauge",
             "Bytes waiting in the lane of each priority, not yet on their way.");
  write_labelled<LaneLabel>(out, shards, "lane", TIDEWIRE_PICK(lane_bytes));
}

void write_channels(MetricsText& out, Shards shards) {
  out.family("tidewire_subscriptions", "gauge", "Subscriptions of connected clients.");
  write_plain(out, shards, TIDEWIRE_PICK(subscriptions));
  out.family("tidewire_channels", "gauge", "Channels held in memory.");
  write_plain(out, shards, TIDEWIRE_PICK(channels));
  out.family("tidewire_history_bytes", "gauge", "Bytes of history held in memory.");
  write_plain(out, shards, TIDEWIRE_PICK(history_bytes));
  out.family("tidewire_streams", "gauge", "Messages that are still growing.");
  write_plain(out, shards, TIDEWIRE_PICK(streams));
  out.family("tidewire_sessions_total", "counter",
             "Sessions that outlived a connection, by what became of them.");
  write_labelled<SessionLabel>(out, shards, "event", TIDEWIRE_PICK(sessions));
  out.family("tidewire_recoveries_total", "counter",
             "Subscriptions that named a position, by result.");
  write_labelled<RecoveryLabel>(out, shards, "result", TIDEWIRE_PICK(recoveries));
  out.family("tidewire_recovered_publications_total", "counter",
             "Publications replayed by recovery.");
  write_plain(out, shards, TIDEWIRE_PICK(recovered_publications));
  out.family("tidewire_api_requests_total", "counter",
             "Server API requests, by endpoint and status.");
  write_pairs<EndpointLabel, StatusLabel>(out, shards, "endpoint", "status",
                                          TIDEWIRE_PICK(api_requests));
}

void write_acknowledgements(MetricsText& out, Shards shards) {
  out.family("tidewire_acks_total", "counter", "Acknowledgements of consumers, by result.");
  write_labelled<AckLabel>(out, shards, "result", TIDEWIRE_PICK(acks));
  out.family("tidewire_redeliveries_total", "counter", "Events sent again for want of an ack.");
  write_plain(out, shards, TIDEWIRE_PICK(redeliveries));
  out.family("tidewire_dead_letters_total", "counter", "Events that were never acknowledged.");
  write_plain(out, shards, TIDEWIRE_PICK(dead_letters));
  out.family("tidewire_unacknowledged", "gauge", "Events sent and not acknowledged yet.");
  write_plain(out, shards, TIDEWIRE_PICK(unacknowledged));
  out.family("tidewire_receipts_total", "counter", "Cursors of consumers that moved.");
  write_plain(out, shards, TIDEWIRE_PICK(receipts));
  out.family("tidewire_receipt_waits_total", "counter", "Receipts that publishers asked for.");
  write_labelled<ReceiptLabel>(out, shards, "result", TIDEWIRE_PICK(receipt_waits));
  out.family("tidewire_repeated_seqs_total", "counter", "Publishes whose seq had been taken.");
  write_plain(out, shards, TIDEWIRE_PICK(duplicates));
}

void write_distributions(MetricsText& out, Shards shards) {
  out.family("tidewire_handshake_duration_seconds", "histogram",
             "From the accepted socket to the answered upgrade.");
  write_histogram(out, shards, kTimePowers, kSecondsPerTick, TIDEWIRE_PICK(handshake_seconds));
  out.family("tidewire_resume_duration_seconds", "histogram",
             "From the auth of a resume to its last channel.");
  write_histogram(out, shards, kTimePowers, kSecondsPerTick, TIDEWIRE_PICK(resume_seconds));
  out.family("tidewire_publish_duration_seconds", "histogram",
             "From the decoded publish to its queued acknowledgement.");
  write_histogram(out, shards, kTimePowers, kSecondsPerTick, TIDEWIRE_PICK(publish_seconds));
  out.family("tidewire_loop_lag_seconds", "histogram",
             "How long a turn of an event loop was busy: what everything else on it waited.");
  write_histogram(out, shards, kTimePowers, kSecondsPerTick, TIDEWIRE_PICK(loop_lag_seconds));
  out.family("tidewire_queue_age_seconds", "histogram",
             "How long the oldest frame of a send queue waited.");
  write_histogram(out, shards, kTimePowers, kSecondsPerTick, TIDEWIRE_PICK(queue_age_seconds));
  out.family("tidewire_message_size_bytes", "histogram", "Size of the messages from clients.");
  write_histogram(out, shards, kSizePowers, kBytesPerTick, TIDEWIRE_PICK(message_bytes));
  out.family("tidewire_messages_per_write", "histogram",
             "Messages that left together: the coalescing factor.");
  write_histogram(out, shards, kCountPowers, kMessagesPerTick, TIDEWIRE_PICK(messages_per_write));
}

#undef TIDEWIRE_PICK

void write_store(MetricsText& out, const StoreMetrics& store) {
  HistogramSum commits;
  commits.add(store.commit_seconds);
  out.family("tidewire_history_commit_duration_seconds", "histogram",
             "One transaction of the history file, with the disk.");
  out.histogram(commits, kTimePowers, kSecondsPerTick);
  HistogramSum groups;
  groups.add(store.group_size);
  out.family("tidewire_history_group_size", "histogram", "Changes in one transaction.");
  out.histogram(groups, kCountPowers, kMessagesPerTick);
  out.family("tidewire_history_changes_total", "counter", "Changes stored in the history file.");
  out.sample({}, store.changes.value());
  out.family("tidewire_history_failures_total", "counter",
             "Transactions of the history file that failed; their publishes were refused.");
  out.sample({}, store.failures.value());
  out.family("tidewire_history_queue_bytes", "gauge", "Bytes waiting for the history file.");
  out.sample({}, store.queue_bytes.load(std::memory_order_relaxed));
}

void write_backends(MetricsText& out, std::span<const BackendMetrics* const> backends) {
  out.family("tidewire_backend_calls_total", "counter",
             "Calls of RPC backends and hooks, by status or by what went wrong.");
  for (const BackendMetrics* backend : backends) {
    for (std::size_t i = 0; i < LabelValues<CallLabel>::text.size(); ++i) {
      const auto label = static_cast<CallLabel>(i);
      const std::uint64_t count = label == CallLabel::overloaded ? backend->overloaded.load()
                                                                 : backend->calls[label].value();
      out.sample({{"backend", backend->name}, {"outcome", LabelValues<CallLabel>::text[i]}}, count);
    }
  }
  out.family("tidewire_backend_calls_running", "gauge", "Calls on their way.");
  for (const BackendMetrics* backend : backends)
    out.sample({{"backend", backend->name}}, backend->running.value());
  out.family("tidewire_backend_breaker_open", "gauge",
             "1 while a backend that failed too often is left alone or on trial.");
  for (const BackendMetrics* backend : backends)
    out.sample({{"backend", backend->name}}, std::uint64_t{backend->breaker_open});
  out.family("tidewire_backend_call_duration_seconds", "histogram",
             "A call of a backend, sent to answered or failed.");
  for (const BackendMetrics* backend : backends) {
    HistogramSum seconds;
    seconds.add(backend->call_seconds);
    out.histogram(seconds, kTimePowers, kSecondsPerTick, {{"backend", backend->name}});
  }
}

void write_process(MetricsText& out, const ProcessMetrics& process, std::size_t shards) {
  out.family("tidewire_shards", "gauge", "Event loops.");
  out.sample({}, shards);
  out.family("tidewire_draining", "gauge", "1 while the server shuts down.");
  out.sample({}, std::uint64_t{process.draining});
  out.family("tidewire_config_reloads_total", "counter", "Configuration reloads asked for.");
  out.sample({}, process.config_reloads.load());
  out.family("tidewire_config_last_reload_successful", "gauge",
             "1 when the last reload was accepted.");
  out.sample({}, std::uint64_t{process.last_reload_succeeded});
  write_process_metrics(out);
}

}  // namespace

std::string MetricsRegistry::text() const {
  MetricsText out;
  write_process(out, process_, shards_.size());
  if (!shards_.empty()) {
    write_connections(out, shards_);
    write_traffic(out, shards_);
    write_delivery(out, shards_);
    write_channels(out, shards_);
    write_acknowledgements(out, shards_);
    write_distributions(out, shards_);
  }
  if (store_ != nullptr) write_store(out, *store_);
  if (!backends_.empty()) write_backends(out, backends_);
  return std::move(out).text();
}

}  // namespace tidewire
