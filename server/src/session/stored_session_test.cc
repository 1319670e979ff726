#include "session/resume_fixture.h"

namespace tidewire::resume_test {
namespace {

TEST_F(ResumeTest, ParkedSessionsOutliveTheProcessInAStore) {
  MemorySessionStore store;
  std::string epoch;
  {
    SessionWorld before(2, test_config(), &store);
    auto client = before.connect_as("ann");
    id = client->session->session_id();
    client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
    client->session->closed(4012);
    before.domain.mesh.run();
  }
  SessionWorld after(2, test_config(), &store);
  after.reopen(store);
  const auto ask = [&](Client& client, std::string_view user) {
    return client.ask(
        {{"type", "auth"}, {"payload", {{"token", after.token(user)}, {"sessionId", id}}}});
  };
  auto thief = after.connect();
  EXPECT_EQ(ask(*thief, "bob")["payload"]["name"], "session_mismatch");
  auto next = after.connect();
  EXPECT_EQ(ask(*next, "ann")["payload"]["resumed"], true);
  EXPECT_EQ(next->session->subscriptions(), 1U);
  auto again = after.connect();
  EXPECT_EQ(ask(*again, "ann")["payload"]["resumed"], true);  // from the connection, not the store
  EXPECT_TRUE(next->wire.closed);
}

TEST_F(ResumeTest, AnOpenSessionIsSoonInTheStoreAndOutlivesAKill) {
  MemorySessionStore store;
  MemorySessionStore left;  // as the process was killed
  SessionWorld before(2, test_config(), &store);
  auto client = before.connect_as("ann");
  id = client->session->session_id();
  before.advance(1'000);
  EXPECT_EQ(store.size(), 0U) << "it has nothing yet that would be missed";
  json numbered = SessionWorld::chat("once");
  numbered["seq"] = 1;
  EXPECT_EQ(client->ask(numbered)["type"], "ack");
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  client->ask({{"type", "subscribe"}, {"channel", "chat:2"}});
  client->ask({{"type", "unsubscribe"}, {"channel", "chat:2"}});
  before.advance(1'000);
  store.get(id, before.domain.clock.wall_ms(),
            [&](std::expected<std::optional<SessionRecord>, Error> found) {
              ASSERT_TRUE(found && *found);
              EXPECT_EQ((*found)->expires_at, kWhileConnected);
              left.put(**found, [](const auto&) {});
            });
  client->session->closed(1000);
  EXPECT_EQ(store.size(), 0U) << "it has said goodbye";

  SessionWorld after(2, test_config(), &left);
  after.reopen(left);
  auto next = after.connect();
  const json welcome = next->ask(
      {{"type", "auth"}, {"payload", {{"token", after.token("ann")}, {"sessionId", id}}}});
  EXPECT_EQ(welcome["payload"]["resumed"], true);
  EXPECT_EQ(welcome["payload"]["restored"], json::array({"chat:1"}));
  EXPECT_EQ(next->ask(numbered)["payload"]["duplicate"], true);
}

TEST_F(ResumeTest, APositionThatMayNotHaveArrivedIsNotWritten) {
  MemorySessionStore store;
  SessionWorld before(1, test_config(), &store);
  auto client = before.connect_as("ann");
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  for (int i = 0; i < 3; ++i) client->send(SessionWorld::chat("doubtful"));
  client->ask({{"type", "subscribe"}, {"channel", "chat:2"}});
  before.advance(1'000);
  store.get(client->session->session_id(), 0,
            [&](std::expected<std::optional<SessionRecord>, Error> found) {
              ASSERT_TRUE(found && *found);
              const auto parked = parked_session_from_json((*found)->body);
              const auto channel =
                  std::ranges::find(parked->channels, "chat:1", &ParkedChannel::channel);
              ASSERT_NE(channel, parked->channels.end());
              EXPECT_EQ(channel->position.offset, 0U);
            });
}

TEST_F(ResumeTest, ClaimsOfASessionThatIsBeingReadWaitForIt) {
  WilfulStore store;
  store.put({.id = "s",
             .user_id = "ann",
             .body = to_json({.id = "s", .user_id = "ann"}),
             .expires_at = kWhileConnected},
            [](const auto&) {});
  SessionWorld slow(2, test_config(), &store);
  slow.reopen(store.rows);
  auto thief = slow.connect({}, 0);
  auto first = slow.connect({}, 1);
  auto second = slow.connect({}, 0);
  const auto claim = [&](Client& client, std::string_view user) {
    client.send({{"type", "auth"},
                 {"id", "ask"},
                 {"payload", {{"token", slow.token(user)}, {"sessionId", "s"}}}});
    slow.domain.mesh.run();  // comes to an end: nobody asks again and again
  };
  claim(*thief, "bob");
  EXPECT_EQ(thief->wire.read().at(0)["payload"]["name"], "session_mismatch");
  claim(*first, "ann");
  claim(*second, "ann");
  EXPECT_EQ(store.reads.size(), 1U);
  store.read();
  slow.domain.mesh.run();
  EXPECT_EQ(first->wire.read().at(0)["payload"]["resumed"], true);
  EXPECT_EQ(second->wire.read().at(0)["payload"]["resumed"], true);
  EXPECT_NE(first->wire.closed.has_value(), second->wire.closed.has_value());
}

TEST_F(ResumeTest, ASessionThatHasEndedDoesNotComeBackWhenTheStoreCannotErase) {
  WilfulStore store;
  SessionWorld full(1, test_config(), &store);
  auto client = full.connect_as("ann");
  id = client->session->session_id();
  client->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  full.advance(1'000);
  ASSERT_EQ(store.rows.size(), 1U);
  store.erases = false;
  client->session->closed(1000);
  ASSERT_EQ(store.rows.size(), 1U);
  const json auth{{"type", "auth"}, {"payload", {{"token", full.token("ann")}, {"sessionId", id}}}};
  EXPECT_EQ(full.connect()->ask(auth)["payload"]["resumed"], false);
  store.erases = true;
  full.session_desk.sweep(full.domain.clock.wall_ms(), *full.domain.metrics[0]);
  EXPECT_EQ(store.rows.size(), 0U);
}

TEST_F(ResumeTest, ManySessionsAreWrittenLittleByLittle) {
  /// Answers nothing by itself.
  class SlowStore final : public SessionStore {
   public:
    void put(SessionRecord record, Done done) override {
      bytes += record.body.size();
      ++puts;
      waiting.push_back(std::move(done));
    }
    void get(std::string /*id*/, WallMillis /*now*/, Found found) override { found(std::nullopt); }
    void erase(std::string /*id*/, Done done) override { done({}); }
    void expire(WallMillis /*now*/) override {}
    void answer() {
      for (Done& each : std::exchange(waiting, {})) each({});
    }
    std::size_t puts = 0;
    std::size_t bytes = 0;
    std::vector<Done> waiting;
  };
  SlowStore store;
  SessionWorld crowded(1, test_config(), &store);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 400; ++i) {
    clients.push_back(crowded.connect_as("u" + std::to_string(i)));
    clients.back()->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  }
  crowded.advance(SessionJournal::kPaceMs + 100);
  const std::size_t first = store.puts;
  EXPECT_GT(first, 0U);
  EXPECT_LT(store.bytes, 2 * SessionJournal::kBytesPerTurn);
  crowded.advance(2'000);
  EXPECT_EQ(store.puts, first) << "the store has not answered";
  while (store.puts < 400U) {
    const std::size_t before = store.puts;
    store.answer();
    crowded.advance(SessionJournal::kPaceMs + 100);
    ASSERT_GT(store.puts, before);
  }
  EXPECT_EQ(crowded.journals[0]->waiting(), 0U);
}

}  // namespace
}  // namespace tidewire::resume_test
