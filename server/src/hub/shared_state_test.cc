#include <algorithm>

#include <gtest/gtest.h>

#include "hub/domain_fixture.h"

namespace tidewire {
namespace {

/// A subscriber that builds the state as a client does: the snapshot, then every change.
class Board final : public Subscriber {
 public:
  Board(Domain& domain, std::size_t shard) : subscription(*this, "room:1") {
    domain.nodes[shard]->subscribe(
        subscription,
        {.channel = "room:1", .user_id = "bob", .connection_id = "c", .info_json = "{}"},
        [this, &hub = domain.nodes[shard]->hub()](std::expected<SubscribeSnapshot, Error> result) {
          for (const auto& each : result->latest) take(*each);
          hub.activate(subscription, result->position.offset);
        });
  }
  void deliver(Subscription&, Rendering& rendering) override { take(*rendering.publication()); }
  void take(const Publication& change) {
    EXPECT_EQ(change.type, "state_changed");
    EXPECT_TRUE(change.lossless);
    payloads.emplace_back(change.payload());
  }

  Subscription subscription;
  std::vector<std::string> payloads;
};

using Version = std::expected<std::uint64_t, Error>;

Version change(Domain& domain, std::size_t shard, std::string key,
               std::optional<std::string> value_json) {
  std::optional<Version> answer;
  domain.nodes[shard]->state_change({.channel = "room:1",
                                     .key = std::move(key),
                                     .value_json = std::move(value_json),
                                     .from = {"ann", "c-ann", "test"}},
                                    [&](Version version) { answer = std::move(version); });
  domain.mesh.run();
  return answer.value();
}

std::vector<StateEntry> read(Domain& domain, std::size_t shard, std::string key = {}) {
  std::vector<StateEntry> answer;
  domain.nodes[shard]->state_get("room:1", std::move(key),
                                 [&](std::expected<std::vector<StateEntry>, Error> list) {
                                   answer = std::move(list.value());
                                 });
  domain.mesh.run();
  return answer;
}

TEST(SharedState, IsOneForAllShards) {
  Domain domain(3);
  for (std::size_t shard = 0; shard < 3; ++shard)
    EXPECT_EQ(change(domain, shard, "k" + std::to_string(shard), "1"), shard + 1);
  for (std::size_t shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(read(domain, shard).size(), 3U);
    EXPECT_EQ(read(domain, shard, "k1").at(0).version, 2U);
    EXPECT_TRUE(read(domain, shard, "unknown").empty());
  }
}

TEST(SharedState, GivesASubscriberTheWholeAndThenEveryChangeOnce) {
  Domain domain(2);
  for (int n = 1; n <= 3; ++n) ASSERT_TRUE(change(domain, 0, "a", std::to_string(n)));
  ASSERT_TRUE(change(domain, 0, "b", "4"));
  ASSERT_TRUE(change(domain, 0, "b", std::nullopt));
  Board board(domain, 1);
  ASSERT_TRUE(change(domain, 0, "a", "6"));  // on its way at the same time
  ASSERT_TRUE(change(domain, 1, "a", std::nullopt));
  const std::vector<std::string> live(board.payloads.end() - 1, board.payloads.end());
  EXPECT_EQ(live.front(), R"({"key":"a","version":7,"deleted":true})");
  EXPECT_EQ(std::ranges::count(board.payloads, R"({"key":"a","value":6,"version":6})"), 1);
  EXPECT_EQ(std::ranges::count(board.payloads, R"({"key":"b","value":4,"version":4})"), 0);
}

TEST(SharedState, TellsNobodyOfARefusedChange) {
  Domain domain(2);
  Board board(domain, 0);
  EXPECT_EQ(change(domain, 1, "k", std::nullopt).error().code, ErrorCode::not_found);
  EXPECT_TRUE(board.payloads.empty());
}

TEST(SharedState, KeepsItsChannelAndNeverGivesAVersionAgain) {
  Domain domain(1);
  const auto forget = [&] {
    domain.clock.advance_ms(86'400'000);
    domain.nodes[0]->sweep();
    domain.mesh.run();
  };
  EXPECT_EQ(change(domain, 0, "k", "1"), 1U);
  forget();
  EXPECT_EQ(read(domain, 0, "k").at(0).value_json, "1") << "state has no age";
  EXPECT_EQ(change(domain, 0, "k", std::nullopt), 2U);
  forget();
  EXPECT_EQ(change(domain, 0, "k", "1"), 3U) << "the channel was forgotten, its versions not";
}

}  // namespace
}  // namespace tidewire
