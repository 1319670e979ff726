#include "observability/metrics_registry.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observability/metrics_text.h"
#include "protocol/codes.gen.h"

namespace tidewire {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsRegistry, SumsTheShards) {
  ServerMetrics one;
  ServerMetrics two;
  one.deliveries.add(40);
  two.deliveries.add(2);
  one.connections_of(KindLabel::agent, TransportLabel::tls).add();
  one.subscriptions.sub(3);
  two.subscriptions.add(5);
  two.closed_by(SideLabel::server, close_label(4008)).add();
  MetricsRegistry registry;
  registry.add_shard(one);
  registry.add_shard(two);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("\ntidewire_deliveries_total 42\n"));
  EXPECT_THAT(text, HasSubstr("\ntidewire_connections{transport=\"tls\",kind=\"agent\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidewire_subscriptions 2\n"));
  EXPECT_THAT(text, HasSubstr("_closed_total{side=\"server\",code=\"4008\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidewire_shards 2\n"));
}

TEST(MetricsRegistry, HistogramBucketsAreCumulativeAndInSeconds) {
  ServerMetrics metrics;
  metrics.publish_seconds.record(std::chrono::nanoseconds(1024));
  metrics.publish_seconds.record(std::chrono::nanoseconds(1025));
  metrics.publish_seconds.record(std::chrono::hours(1));
  metrics.message_bytes.record(16);
  MetricsRegistry registry;
  registry.add_shard(metrics);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("publish_duration_seconds_bucket{le=\"1.024e-06\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("publish_duration_seconds_bucket{le=\"2.048e-06\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("publish_duration_seconds_bucket{le=\"34.3597384\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("publish_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("publish_duration_seconds_count 3\n"));
  EXPECT_THAT(text, HasSubstr("message_size_bytes_bucket{le=\"16\"} 1\n"));
}

TEST(MetricsRegistry, TellsOfEveryBackend) {
  MetricsRegistry registry;
  EXPECT_THAT(registry.text(), Not(HasSubstr("tidewire_backend")));
  BackendMetrics routes("rpc.routes");
  BackendMetrics hook("hooks.publish");
  routes.calls[CallLabel::timeout].add(2);
  routes.breaker_open = true;
  hook.overloaded = 3;
  hook.running.add();
  hook.call_seconds.record(std::chrono::nanoseconds(1024));
  registry.add_backend(routes);
  registry.add_backend(hook);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("_calls_total{backend=\"rpc.routes\",outcome=\"timeout\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("_calls_total{backend=\"hooks.publish\",outcome=\"overloaded\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("_breaker_open{backend=\"rpc.routes\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_calls_running{backend=\"hooks.publish\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_seconds_bucket{backend=\"hooks.publish\",le=\"1.024e-06\"} 1\n"));
}

TEST(MetricsRegistry, TellsOfTheHistoryFileWhenThereIsOne) {
  MetricsRegistry registry;
  EXPECT_THAT(registry.text(), Not(HasSubstr("tidewire_history_commit")));
  StoreMetrics store;
  store.commit_seconds.record(std::chrono::nanoseconds(1024));
  store.group_size.record(4);
  store.changes.add(4);
  store.failures.add();
  store.queue_bytes = 99;
  registry.set_store(store);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("\ntidewire_history_commit_duration_seconds_count 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidewire_history_group_size_sum 4\n"));
  EXPECT_THAT(text, HasSubstr("\ntidewire_history_changes_total 4\n"));
  EXPECT_THAT(text, HasSubstr("\ntidewire_history_failures_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidewire_history_queue_bytes 99\n"));
}

TEST(MetricsRegistry, TheTextHasNoSeriesTwice) {
  ServerMetrics metrics;
  StoreMetrics store;
  MetricsRegistry registry;
  registry.add_shard(metrics);
  registry.set_store(store);
  std::istringstream lines(registry.text());
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_GT(seen.size(), 300U);
}

TEST(MetricsRegistry, PromtoolAcceptsTheText) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed: tools/install-deps installs Debian's prometheus";
  ServerMetrics metrics;
  metrics.loop_lag_seconds.record(std::chrono::milliseconds(2));
  StoreMetrics store;
  MetricsRegistry registry;
  registry.add_shard(metrics);
  registry.set_store(store);
  const std::string path = testing::TempDir() + "tidewire_metrics.txt";
  std::ofstream(path) << registry.text();
  EXPECT_EQ(std::system(("promtool check metrics <" + path).c_str()), 0);
  std::remove(path.c_str());
}

TEST(MetricsText, EscapesLabelValues) {
  MetricsText out;
  out.family("x", "gauge", "X.");
  out.sample({{"path", "a\"b\\c\nd"}}, std::uint64_t{1});
  EXPECT_EQ(std::move(out).text(), "# HELP x X.\n# TYPE x gauge\nx{path=\"a\\\"b\\\\c\\nd\"} 1\n");
}

template <typename Label>
std::string_view text_of(Label label) {
  return LabelValues<Label>::text[std::to_underlying(label)];
}

TEST(Labels, WhatIsNotInTheSetIsTheLastValue) {
  EXPECT_EQ(text_of(type_label("chat_message")), "chat_message");
  EXPECT_EQ(text_of(type_label("order_placed")), "custom");
  EXPECT_EQ(text_of(type_label("rpc_result")), "rpc");
  EXPECT_EQ(text_of(type_label("state_get")), "state");
  EXPECT_EQ(text_of(type_label("")), "custom");
  EXPECT_EQ(text_of(endpoint_label("publish")), "publish");
  EXPECT_EQ(text_of(endpoint_label("../etc")), "other");
  EXPECT_EQ(text_of(status_label(204)), "2xx");
  EXPECT_EQ(text_of(status_label(404)), "4xx");
  EXPECT_EQ(text_of(status_label(503)), "5xx");
}

TEST(Labels, CloseCodesOfTheContractHaveTheirOwnValue) {
  for (int code = 1000; code < 5000; ++code) {
    const auto close = static_cast<CloseCode>(code);
    if (from_name<CloseCode>(to_name(close)) != close) continue;
    EXPECT_EQ(text_of(close_label(static_cast<std::uint16_t>(code))), std::to_string(code));
  }
  EXPECT_EQ(text_of(close_label(4999)), "application");
  EXPECT_EQ(text_of(close_label(3000)), "application");
  EXPECT_EQ(text_of(close_label(1006)), "none");
  EXPECT_EQ(text_of(close_label(1012)), "other");
}

TEST(Labels, KindsAreThoseOfTheProtocol) {
  for (std::size_t i = 0; i < LabelValues<KindLabel>::text.size(); ++i)
    EXPECT_EQ(LabelValues<KindLabel>::text[i], to_name(static_cast<ClientKind>(i)));
}

}  // namespace
}  // namespace tidewire
