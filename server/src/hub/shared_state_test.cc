#include <algorithm>
#include <map>
#include <memory>
#include <random>

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
    EXPECT_EQ(change.type(), "state_changed");
    EXPECT_TRUE(change.lossless);
    payloads.emplace_back(change.payload());
  }

  Subscription subscription;
  std::vector<std::string> payloads;
};

using Version = std::expected<std::uint64_t, Error>;

Version change(Domain& domain, std::size_t shard, std::string key,
               std::optional<std::string> value_json, std::int64_t ttl_ms = 0) {
  std::optional<Version> answer;
  domain.nodes[shard]->state_change({.channel = "room:1",
                                     .key = std::move(key),
                                     .value_json = std::move(value_json),
                                     .from = {"ann", "c-ann", "test"},
                                     .ttl_ms = ttl_ms},
                                    [&](const std::expected<StateChanged, Error>& changed) {
                                      if (changed) answer = changed->version;
                                      if (!changed) answer = std::unexpected(changed.error());
                                    });
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

TEST(SharedState, AKeyGoesWhenItsTimeIsOver) {
  Domain domain(2);
  Board board(domain, 1);
  domain.mesh.run();
  const WallMillis now = domain.clock.wall_ms();
  EXPECT_EQ(change(domain, 0, "k", "1", 5'000), 1U);
  EXPECT_EQ(read(domain, 1, "k").at(0).expires_at, now + 5'000);
  domain.advance(4'900);
  EXPECT_EQ(change(domain, 0, "k", "2", 5'000), 2U) << "a new time";
  domain.advance(4'900);
  EXPECT_EQ(read(domain, 1, "k").size(), 1U);
  domain.advance(150);
  EXPECT_TRUE(read(domain, 1, "k").empty());
  EXPECT_EQ(board.payloads.back(), R"({"key":"k","version":3,"deleted":true,"reason":"expired"})");
  EXPECT_EQ(board.payloads.size(), 3U);
  EXPECT_EQ(change(domain, 0, "k", "3"), 4U);
  domain.advance(100'000);
  EXPECT_EQ(read(domain, 1, "k").size(), 1U) << "without a time it stays";
}

/// What a client keeps: the whole at each subscription, then what is newer.
class Mirror final : public Subscriber {
 public:
  explicit Mirror(Node& node) : node_(node) {}

  void deliver(Subscription&, Rendering& rendering) override {
    take(rendering.publication()->payload());
  }
  void come() {
    subscription_ = std::make_unique<Subscription>(*this, "room:1");
    node_.subscribe(*subscription_, {.channel = "room:1", .user_id = "bob", .session_id = "s"},
                    [this](std::expected<SubscribeSnapshot, Error> result) {
                      if (subscription_ == nullptr) return;
                      keys.clear();
                      for (const auto& each : result->latest) take(each->payload());
                      node_.hub().activate(*subscription_, result->position.offset);
                      settled_ = true;
                    });
  }
  void go() {
    node_.unsubscribe(*subscription_, "bob", "s", LeaveKind::lost);
    subscription_.reset();
    settled_ = false;
  }
  [[nodiscard]] bool here() const { return subscription_ != nullptr; }
  [[nodiscard]] bool settled() const { return settled_; }

  std::map<std::string, std::string> keys;  // key -> the change that made it what it is
  std::uint64_t last_version = 0;

 private:
  void take(std::string_view payload) {
    const std::string text(payload);
    const std::string key = text.substr(8, text.find('"', 8) - 8);
    const std::size_t at = text.find("\"version\":") + 10;
    const std::uint64_t version = std::stoull(text.substr(at));
    if (settled_) {
      EXPECT_GT(version, last_version) << "a change was told twice or out of order";
    }
    last_version = std::max(last_version, version);
    if (text.find("\"deleted\":true") != std::string::npos) {
      keys.erase(key);
    } else {
      keys[key] = text;
    }
  }

  Node& node_;
  std::unique_ptr<Subscription> subscription_;
  bool settled_ = false;
};

TEST(SharedState, EveryMirrorIsTheStateWheneverItCame) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    Domain domain(3);
    std::vector<std::unique_ptr<Mirror>> mirrors;
    for (std::size_t i = 0; i < 6; ++i)
      mirrors.push_back(std::make_unique<Mirror>(*domain.nodes[i % 3]));
    for (int step = 0; step < 400; ++step) {
      Mirror& mirror = *mirrors[random() % mirrors.size()];
      const std::string key = "k" + std::to_string(random() % 5);
      switch (random() % 6) {
        case 0:
          if (!mirror.here()) mirror.come();
          break;
        case 1:
          // A mirror goes when its answer is there, as a session keeps it alive until then.
          if (mirror.settled()) mirror.go();
          break;
        case 2:
        case 3:
          domain.nodes[random() % 3]->state_change(
              {.channel = "room:1",
               .key = key,
               .value_json = std::to_string(step),
               .ttl_ms = random() % 2 == 0 ? 1 + static_cast<std::int64_t>(random() % 500) : 0},
              [](const auto&) {});
          break;
        case 4:
          domain.nodes[random() % 3]->state_change({.channel = "room:1", .key = key},
                                                   [](const auto&) {});
          break;
        default:
          domain.clock.advance_ms(static_cast<std::int64_t>(random() % 100));
          domain.timers.advance(domain.clock.mono_ms());
      }
      for (unsigned tasks = random() % 4; tasks > 0; --tasks)
        domain.mesh.run_one(static_cast<ShardIndex>(random() % 3));
    }
    domain.mesh.run();
    for (const auto& mirror : mirrors)
      if (!mirror->here()) mirror->come();
    domain.advance(1'000);
    const std::vector<StateEntry> truth = read(domain, 0);
    for (const auto& mirror : mirrors) {
      ASSERT_EQ(mirror->keys.size(), truth.size()) << "seed " << seed;
      for (const StateEntry& entry : truth)
        EXPECT_NE(mirror->keys[entry.key].find("\"value\":" + entry.value_json +
                                               ",\"version\":" + std::to_string(entry.version)),
                  std::string::npos)
            << "seed " << seed << ' ' << entry.key;
      mirror->go();
    }
    domain.mesh.run();
  }
}

}  // namespace
}  // namespace tidewire
