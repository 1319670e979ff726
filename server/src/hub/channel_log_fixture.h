#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/channel_log.h"
#include "hub/channel_table.h"
#include "hub/held_store.h"
#include "protocol/json_codec.h"

/// For tests only: channels over a store that answers when a test lets it.
namespace tidewire::channel_log_test {

using testing::ElementsAre;
using testing::HasSubstr;

inline const Error kFull{.code = ErrorCode::unavailable, .message = "history: disk is full"};

inline Config configuration() {
  Config config;
  NamespaceConfig& chat = config.namespaces["chat"];
  chat.history_size = 10;
  return config;
}

/// The channels of one shard over a store that a test holds.
struct Log : testing::Test {
  explicit Log(const Config& wanted = configuration()) : config(wanted) { restart(); }

  /// A new process over what the store has.
  void restart() {
    table.reset();
    store = std::make_unique<HeldHistoryStore>(disk);
    table = std::make_unique<ChannelTable>(
        config,
        ChannelContext{json, clock, timers, metrics, limits, budget, *store,
                       [this](const Channel&, const PublicationPtr& publication) {
                         if (publication->offset > 0) delivered.push_back(publication->offset);
                         last_type = publication->type();
                       }},
        1'000, metrics);
  }
  Channel& channel(const std::string& name = "chat:a") { return **table->find_or_create(name); }

  struct Answer {
    std::optional<PublishResult> result;
    [[nodiscard]] bool open() const { return !result; }
    [[nodiscard]] std::uint64_t offset() const { return (*result)->position->offset; }
  };
  std::shared_ptr<Answer> publish(std::string_view key = {}, std::string_view user = "ann") {
    auto answer = std::make_shared<Answer>();
    channel().publish({.channel = "chat:a",
                       .type = "chat_message",
                       .payload = R"({"content":"hi"})",
                       .key = key,
                       .from = {.user_id = user}},
                      [answer](PublishResult result) { answer->result = std::move(result); });
    return answer;
  }
  /// A growing message of one piece.
  std::shared_ptr<Answer> publish_whole(std::string_view message_id = "m1",
                                        std::uint64_t generation = 0) {
    auto answer = std::make_shared<Answer>();
    channel().publish({.channel = "chat:a",
                       .type = "chat_message_chunk",
                       .from = {.user_id = "bot"},
                       .delivery = DeliveryClass::stream,
                       .message_id = message_id,
                       .content = "the text",
                       .generation = generation,
                       .index = 1,
                       .complete = true},
                      [answer](PublishResult result) { answer->result = std::move(result); });
    return answer;
  }
  SubscribeSnapshot subscribe(std::optional<StreamPosition> since, std::size_t history = 0) {
    std::optional<SubscribeSnapshot> snapshot;
    channel().subscribe({.channel = "chat:a", .since = std::move(since), .history = history}, 0,
                        [&](SubscribeSnapshot each) { snapshot = std::move(each); });
    store->finish_reads();
    return std::move(*snapshot);
  }
  std::vector<std::uint64_t> page(const HistoryQuery& query) {
    std::vector<std::uint64_t> found;
    channel().history(query, [&](const std::expected<HistoryPage, Error>& page) {
      for (const auto& each : page->publications) found.push_back(each->offset);
    });
    store->finish_reads();
    return found;
  }
  static std::vector<std::uint64_t> offsets(const SubscribeSnapshot& snapshot) {
    std::vector<std::uint64_t> found;
    for (const auto& each : snapshot.publications) found.push_back(each->offset);
    return found;
  }

  Config config;
  MemoryHistoryStore disk{MemoryHistoryStore::Keeps::channels};
  FakeClock clock;
  TimerWheel timers{clock.mono_ms()};
  JsonCodec json;
  ChannelLimits limits;
  HistoryBudget budget;
  ServerMetrics metrics;
  std::unique_ptr<HeldHistoryStore> store;
  std::unique_ptr<ChannelTable> table;
  std::vector<std::uint64_t> delivered;
  std::string last_type;
};

}  // namespace tidewire::channel_log_test
