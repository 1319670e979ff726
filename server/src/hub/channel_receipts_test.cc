#include "hub/channel_receipts.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "history/memory_history_store.h"
#include "hub/domain_fixture.h"

namespace tidewire {
namespace {

Config receipts_config() {
  Config config;
  config.namespaces["room"] = NamespaceConfig{.receipts = true};
  return config;
}

/// A subscriber that keeps what it hears of the others' cursors.
class Watcher final : public Subscriber {
 public:
  Watcher(Domain& domain, std::size_t shard, std::string user)
      : domain_(domain), shard_(shard), user_(std::move(user)), subscription(*this, "room:1") {
    domain.nodes[shard]->subscribe(subscription,
                                   {.channel = "room:1",
                                    .user_id = user_,
                                    .connection_id = user_,
                                    .session_id = user_,
                                    .info_json = "{}"},
                                   [this](std::expected<SubscribeSnapshot, Error> result) {
                                     for (const auto& each : result->latest)
                                       latest.emplace_back(each->payload());
                                     domain_.nodes[shard_]->hub().activate(subscription,
                                                                           result->position.offset);
                                   });
    domain.mesh.run();
  }
  void leave() {
    domain_.nodes[shard_]->unsubscribe(subscription, user_, user_, LeaveKind::left);
    domain_.mesh.run();
  }
  void deliver(Subscription& self, Rendering& rendering) override {
    const Publication& publication = *rendering.publication();
    if (publication.offset != 0) (void)self.advance(publication.offset);
    if (publication.type() == "receipt_changed") changes.emplace_back(publication.payload());
  }

 private:
  Domain& domain_;
  std::size_t shard_;
  std::string user_;

 public:
  Subscription subscription;
  std::vector<std::string> latest;
  std::vector<std::string> changes;
};

/// A store that outlives a server: each shard's part is the same one.
class SharedStore final : public HistoryStore {
 public:
  explicit SharedStore(HistoryStore& disk) : disk_(disk) {}
  std::expected<ChannelLife, Error> open(const std::string& channel,
                                         const OpenLimits& limits) override {
    return disk_.open(channel, limits);
  }
  std::expected<void, Error> write(const StoredChannelPtr& channel, StoreChange change,
                                   Done done) override {
    return disk_.write(channel, std::move(change), std::move(done));
  }
  void read(const StoredChannelPtr& channel, const StoreRead& wanted, ReadDone done) override {
    disk_.read(channel, wanted, std::move(done));
  }
  void trim(const StoredChannelPtr& channel, const KeptRange& kept, WallMillis now) override {
    disk_.trim(channel, kept, now);
  }
  void close(const StoredChannelPtr& channel) override { disk_.close(channel); }
  [[nodiscard]] bool outlives_memory() const override { return disk_.outlives_memory(); }

 private:
  HistoryStore& disk_;
};

class ReceiptsTest : public ::testing::Test {
 protected:
  PublishAck publish(std::optional<ReceiptAsk> ask = {}, std::string_view key = {}) {
    PublishRequest request{.channel = "room:1",
                           .type = "chat_message",
                           .payload = "{}",
                           .key = key,
                           .from = {.user_id = "ann", .connection_id = "ann", .client = ""}};
    if (ask)
      request.receipt = std::make_shared<ReceiptWish>(
          *ask, [this](ReceiptResult result) { results.push_back(std::move(result)); }, connection);
    PublishResult answer;
    domain.nodes[0]->publish(request, [&](PublishResult result) { answer = std::move(result); });
    domain.mesh.run();
    if (answer) epoch = answer->position->epoch;
    if (!answer) refused = answer.error();
    return answer.value_or(PublishAck{});
  }
  void acknowledge(std::string user, std::uint64_t offset, std::uint64_t read = 0) {
    domain.nodes[user.size() % 3]->acknowledge({.channel = "room:1",
                                                .user_id = std::move(user),
                                                .delivered = {epoch, offset},
                                                .read = read});
    domain.mesh.run();
  }
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> cursors(std::uint64_t offset = 0) {
    ReceiptList list;
    domain.nodes[1]->receipts("room:1", offset, [&](ReceiptList answer) { list = answer; });
    domain.mesh.run();
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> map;
    for (const ReceiptEntry& each : list.consumers) map[each.user_id] = {each.delivered, each.read};
    return map;
  }

  Domain domain{3, receipts_config()};
  std::string epoch;
  std::string connection;  // of the publisher
  std::vector<ReceiptResult> results;
  std::optional<Error> refused;
};

constexpr ReceiptAsk kAllDelivered{ReceiptKind::delivered, 0};

TEST_F(ReceiptsTest, APublishThatIsSentAgainIsToldOfOnceAConnection) {
  Watcher bob(domain, 1, "bob");
  for (const std::string over : {"c1", "c1", "c2"}) {
    connection = over;
    publish(kAllDelivered, "k");
  }
  acknowledge("bob", 1);
  EXPECT_EQ(results.size(), 2U);
}

TEST_F(ReceiptsTest, CursorsOnlyMoveForwardAndReadImpliesDelivered) {
  for (int i = 0; i < 5; ++i) publish();
  acknowledge("bob", 3);
  acknowledge("bob", 2);
  EXPECT_EQ(cursors()["bob"], (std::pair<std::uint64_t, std::uint64_t>{3, 0}));
  acknowledge("bob", 1, 5);
  EXPECT_EQ(cursors()["bob"], (std::pair<std::uint64_t, std::uint64_t>{5, 5}));
  EXPECT_TRUE(cursors(5).contains("bob"));
  EXPECT_FALSE(cursors(6).contains("bob"));
}

TEST_F(ReceiptsTest, IgnoresWhatDoesNotFitTheStream) {
  publish();
  acknowledge("bob", 2);
  acknowledge("bob", 1, 7);
  epoch = "another";
  acknowledge("bob", 1);
  EXPECT_TRUE(cursors().empty());
}

TEST_F(ReceiptsTest, TellsWhenAllWhoWereSubscribedHavePassed) {
  Watcher ann(domain, 0, "ann");
  Watcher bob(domain, 1, "bob");
  Watcher carl(domain, 2, "carl");
  publish(kAllDelivered);
  Watcher late(domain, 0, "late");
  acknowledge("late", 1);
  acknowledge("bob", 1);
  EXPECT_TRUE(results.empty());
  acknowledge("carl", 1);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0].complete);
  EXPECT_EQ(results[0].position.offset, 1U);
  EXPECT_EQ(results[0].count, 3U);
  acknowledge("ann", 1);
  EXPECT_EQ(results.size(), 1U);
}

TEST_F(ReceiptsTest, AllOfNobodyIsToldAtOnce) {
  Watcher ann(domain, 0, "ann");
  publish(kAllDelivered);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0].complete);
  EXPECT_EQ(results[0].count, 0U);
}

TEST_F(ReceiptsTest, TellsWhenSoManyHaveRead) {
  publish(ReceiptAsk{ReceiptKind::read, 2});
  acknowledge("bob", 1);
  acknowledge("carl", 1);
  acknowledge("ann", 1, 1);
  acknowledge("bob", 1, 1);
  acknowledge("bob", 1, 1);
  EXPECT_TRUE(results.empty()) << "the publisher does not count, and nobody counts twice";
  acknowledge("carl", 1, 1);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].kind, ReceiptKind::read);
  std::ranges::sort(results[0].consumers);
  EXPECT_EQ(results[0].consumers, (std::vector<std::string>{"bob", "carl"}));
}

TEST_F(ReceiptsTest, AWaitEndsAfterItsTime) {
  Watcher bob(domain, 1, "bob");
  Watcher carl(domain, 1, "carl");
  publish(kAllDelivered);
  acknowledge("bob", 1);
  domain.advance(59'000);
  EXPECT_TRUE(results.empty());
  domain.advance(1'100);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_FALSE(results[0].complete);
  EXPECT_EQ(results[0].consumers, std::vector<std::string>{"bob"});
}

TEST_F(ReceiptsTest, AWhoLeavesStillCountsWhenHeComesBack) {
  Watcher bob(domain, 1, "bob");
  publish(kAllDelivered);
  bob.leave();
  Watcher again(domain, 2, "bob");
  acknowledge("bob", 1);
  EXPECT_EQ(results.size(), 1U);
}

TEST_F(ReceiptsTest, APublishIsRefusedPastTheNumberOfWaits) {
  for (std::size_t i = 0; i < ChannelReceipts::kWaitsMax; ++i)
    publish(ReceiptAsk{ReceiptKind::delivered, 1});
  EXPECT_FALSE(refused);
  publish(ReceiptAsk{ReceiptKind::delivered, 1});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::limit_exceeded);
  EXPECT_EQ(refused->path, "/receipt");
  publish();
  acknowledge("bob", ChannelReceipts::kWaitsMax + 1);
  EXPECT_EQ(results.size(), ChannelReceipts::kWaitsMax) << "the refused one was not published";
  refused.reset();
  publish(ReceiptAsk{ReceiptKind::delivered, 1});
  EXPECT_FALSE(refused);
}

TEST_F(ReceiptsTest, ARetryWithTheSameKeyWaitsForTheFirst) {
  publish(ReceiptAsk{ReceiptKind::delivered, 1}, "k");
  EXPECT_TRUE(publish(ReceiptAsk{ReceiptKind::delivered, 1}, "k").duplicate);
  acknowledge("bob", 1);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].position.offset, 1U);
  EXPECT_EQ(results[1].position.offset, 1U);
}

TEST_F(ReceiptsTest, TheLongestIdleConsumerGoesFirst) {
  domain.limits.receipt_consumers = 2;
  Watcher bob(domain, 1, "bob");
  publish();
  publish();
  acknowledge("bob", 1);
  acknowledge("idle", 1);
  acknowledge("new", 1);
  EXPECT_FALSE(cursors().contains("idle"));
  EXPECT_EQ(cursors().size(), 2U);
  Watcher carl(domain, 1, "carl");
  acknowledge("carl", 1);
  acknowledge("dora", 1);
  EXPECT_FALSE(cursors().contains("dora")) << "who is subscribed stays";
  EXPECT_TRUE(cursors().contains("bob"));
  EXPECT_TRUE(cursors().contains("carl"));
}

TEST_F(ReceiptsTest, AnAckStormCostsABoundedNumberOfEvents) {
  Watcher watcher(domain, 2, "watcher");
  for (int i = 0; i < 10; ++i) publish();
  for (std::uint64_t offset = 1; offset <= 10; ++offset)
    for (int user = 0; user < 100; ++user) acknowledge("u" + std::to_string(user), offset);
  domain.advance(ChannelReceipts::kPeriodMs);
  EXPECT_LE(watcher.changes.size(), 2 * ChannelReceipts::kChangesMax);
  domain.advance(2'000);
  EXPECT_EQ(watcher.changes.size(), 100U) << "one for each consumer, with the newest";
  for (const std::string& change : watcher.changes)
    EXPECT_NE(change.find(R"("delivered":10)"), std::string::npos);
}

TEST(ReceiptsStore, CursorsAreThereAgainAfterARestart) {
  MemoryHistoryStore disk(MemoryHistoryStore::Keeps::channels);
  const auto store = [&disk](std::size_t) { return std::make_unique<SharedStore>(disk); };
  const auto cursors = [](Domain& domain) {
    ReceiptList list;
    domain.nodes[0]->receipts("room:1", 0, [&](ReceiptList answer) { list = answer; });
    domain.mesh.run();
    return list;
  };
  StreamPosition position;
  {
    Domain domain(2, receipts_config(), store);
    domain.nodes[0]->publish(
        {.channel = "room:1", .type = "chat_message", .payload = "{}", .from = {.user_id = "ann"}},
        [&](const PublishResult& result) { position = *result->position; });
    domain.mesh.run();
    domain.nodes[1]->acknowledge(
        {.channel = "room:1", .user_id = "bob", .delivered = position, .read = 1});
    domain.advance(ChannelReceipts::kPeriodMs);
    EXPECT_EQ(cursors(domain).consumers.size(), 1U);
  }
  Domain again(2, receipts_config(), store);
  const ReceiptList list = cursors(again);
  EXPECT_EQ(list.epoch, position.epoch);
  ASSERT_EQ(list.consumers.size(), 1U);
  EXPECT_EQ(list.consumers[0].user_id, "bob");
  EXPECT_EQ(list.consumers[0].delivered, 1U);
  EXPECT_EQ(list.consumers[0].read, 1U);
}

TEST_F(ReceiptsTest, WhoJoinsLaterGetsTheCursorsOfAll) {
  publish();
  acknowledge("bob", 1);
  acknowledge("carl", 1, 1);
  Watcher late(domain, 2, "late");
  std::ranges::sort(late.latest);
  EXPECT_EQ(late.latest, (std::vector<std::string>{R"({"userId":"bob","delivered":1,"read":0})",
                                                   R"({"userId":"carl","delivered":1,"read":1})"}));
}

}  // namespace
}  // namespace tidewire
