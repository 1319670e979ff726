#include "hub/node.h"

#include <random>

#include <gtest/gtest.h>

#include "hub/domain_fixture.h"

namespace tidewire {
namespace {

/// A subscriber that keeps what it gets.
class Listener final : public Subscriber {
 public:
  Listener(Domain& domain, std::size_t shard, std::string channel, std::string id)
      : id(std::move(id)), subscription(*this, std::move(channel)), node_(*domain.nodes[shard]) {}

  void deliver(Subscription& at, Rendering& rendering) override {
    (void)rendering.frame(kPlainJsonForm);
    const PublicationPtr& publication = rendering.publication();
    if (publication->offset != 0) {
      EXPECT_TRUE(at.advance(publication->offset)) << id << " missed a publication";
    }
    got.push_back(publication);
  }

  void subscribe(std::optional<StreamPosition> since = std::nullopt, std::size_t history = 0) {
    node_.subscribe(subscription,
                    {.channel = subscription.channel(),
                     .since = std::move(since),
                     .history = history,
                     .user_id = id,
                     .connection_id = id,
                     .session_id = id,
                     .info_json = "{}"},
                    [this](std::expected<SubscribeSnapshot, Error> result) {
                      ASSERT_TRUE(result);
                      node_.hub().activate(subscription, result->position.offset);
                      snapshot = std::move(*result);
                    });
  }
  void unsubscribe() { node_.unsubscribe(subscription, id, id, LeaveKind::left); }

  [[nodiscard]] std::vector<std::uint64_t> offsets() const {
    std::vector<std::uint64_t> list;
    for (const auto& each : snapshot->publications) list.push_back(each->offset);
    for (const auto& each : got)
      if (each->offset != 0) list.push_back(each->offset);
    return list;
  }
  [[nodiscard]] std::vector<std::string> types() const {
    std::vector<std::string> list;
    for (const auto& each : got) list.push_back(each->type());
    return list;
  }

  std::string id;
  Subscription subscription;
  std::optional<SubscribeSnapshot> snapshot;
  std::vector<PublicationPtr> got;

 private:
  Node& node_;
};

PublishRequest message(std::string_view channel, std::string_view key = {}) {
  return {.channel = channel,
          .type = "chat_message",
          .payload = R"({"content":"hi","role":"user"})",
          .key = key,
          .from = {.user_id = "ann", .connection_id = "c-ann", .client = "test"}};
}

PublishRequest piece(std::string_view channel, std::uint64_t index, std::string_view content,
                     bool complete = false) {
  return {.channel = channel,
          .type = "chat_message_chunk",
          .payload = "{}",
          .from = {.user_id = "bot", .connection_id = "c-bot", .client = "test"},
          .delivery = DeliveryClass::stream,
          .message_id = "m1",
          .content = content,
          .index = index,
          .complete = complete};
}

std::optional<PublishResult> publish(Domain& domain, std::size_t shard,
                                     const PublishRequest& request) {
  std::optional<PublishResult> answer;
  domain.nodes[shard]->publish(request, [&](PublishResult result) { answer = std::move(result); });
  domain.mesh.run();
  return answer;
}

Config with_presence() {
  Config config;
  config.namespaces["room"] = NamespaceConfig{.presence = true, .join_leave = true};
  return config;
}

TEST(Node, DeliversToEveryShardInOneOrder) {
  Domain domain(3);
  std::vector<std::unique_ptr<Listener>> listeners;
  for (std::size_t shard = 0; shard < 3; ++shard) {
    listeners.push_back(
        std::make_unique<Listener>(domain, shard, "chat:1", "l" + std::to_string(shard)));
    listeners.back()->subscribe();
  }
  domain.mesh.run();
  for (std::size_t i = 0; i < 6; ++i) {
    const auto ack = publish(domain, i % 3, message("chat:1"));
    ASSERT_TRUE(ack && *ack);
    EXPECT_EQ((*ack)->position->offset, i + 1);
  }
  for (const auto& listener : listeners)
    EXPECT_EQ(listener->offsets(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Node, AnswersAKeyedRetryOnceAndKeepsItsPosition) {
  Domain domain(2);
  Listener listener(domain, 0, "chat:1", "l");
  listener.subscribe();
  domain.mesh.run();
  const auto first = publish(domain, 0, message("chat:1", "k"));
  const auto retry = publish(domain, 1, message("chat:1", "k"));
  EXPECT_FALSE((*first)->duplicate);
  EXPECT_TRUE((*retry)->duplicate);
  EXPECT_EQ((*first)->position, (*retry)->position);
  EXPECT_EQ(listener.got.size(), 1U);
}

TEST(Node, RecoversWhatWasMissedAndSaysWhenItCannot) {
  Domain domain(2);
  StreamPosition seen;
  for (int i = 0; i < 5; ++i) {
    const auto ack = publish(domain, 0, message("chat:1"));
    if (i == 1) seen = *(*ack)->position;
  }
  Listener back(domain, 1, "chat:1", "back");
  back.subscribe(seen);
  domain.mesh.run();
  EXPECT_TRUE(back.snapshot->recovered);
  EXPECT_TRUE(back.snapshot->was_recovering);
  EXPECT_EQ(back.offsets(), (std::vector<std::uint64_t>{3, 4, 5}));

  Listener lost(domain, 1, "chat:1", "lost");
  lost.subscribe(StreamPosition{"another-epoch", 2});
  domain.mesh.run();
  EXPECT_FALSE(lost.snapshot->recovered);
  EXPECT_TRUE(lost.snapshot->was_recovering);
  EXPECT_TRUE(lost.snapshot->publications.empty());
}

TEST(Node, MissesAndDoublesNothingWhateverTheInterleaving) {
  // Publishes and subscribes race over three shards; each seed is one interleaving.
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Domain domain(3);
    const auto ack = publish(domain, 0, message("chat:1"));
    const StreamPosition start = *(*ack)->position;
    std::vector<std::unique_ptr<Listener>> listeners;
    int published = 1;
    for (int step = 0; step < 60; ++step) {
      const auto shard = random() % 3;
      switch (random() % 4) {
        case 0:
          if (listeners.size() < 6) {
            listeners.push_back(std::make_unique<Listener>(domain, shard, "chat:1",
                                                           "l" + std::to_string(listeners.size())));
            listeners.back()->subscribe(start);
          }
          break;
        case 1:
          domain.nodes[shard]->publish(message("chat:1"), [](const PublishResult&) {});
          ++published;
          break;
        default:
          domain.mesh.run_one(static_cast<ShardIndex>(shard));
          break;
      }
    }
    domain.mesh.run();
    for (const auto& listener : listeners) {
      const auto offsets = listener->offsets();
      ASSERT_EQ(offsets.size(), static_cast<std::size_t>(published - 1)) << "seed " << seed;
      for (std::size_t i = 0; i < offsets.size(); ++i) ASSERT_EQ(offsets[i], i + 2);
    }
  }
}

TEST(Node, HandsOverATurnsPublicationsAtItsEndAndNothingTwice) {
  Domain domain(1);
  Hub& hub = domain.nodes[0]->hub();
  int asked = 0;
  hub.collect([&] { ++asked; });
  Listener first(domain, 0, "chat:1", "first");
  first.subscribe();
  for (int i = 0; i < 3; ++i) publish(domain, 0, message("chat:1"));
  EXPECT_TRUE(first.got.empty());
  EXPECT_EQ(asked, 1);

  Listener late(domain, 0, "chat:1", "late");
  late.subscribe();
  EXPECT_EQ(first.offsets(), (std::vector<std::uint64_t>{1, 2, 3}))
      << "who joins finds nothing waiting that its snapshot already counts";
  publish(domain, 0, message("chat:1"));
  first.unsubscribe();
  EXPECT_EQ(first.offsets().back(), 4U) << "who leaves gets what was published before";
  hub.flush();
  EXPECT_EQ(late.offsets(), (std::vector<std::uint64_t>{4}));

  for (std::size_t i = 0; i < Hub::kPendingMax; ++i) publish(domain, 0, message("chat:1"));
  EXPECT_EQ(late.got.size(), 1U + Hub::kPendingMax) << "a full turn is handed over at once";
  late.unsubscribe();
  hub.flush();
}

TEST(Node, ForgetsASubscriberThatLeftBeforeItsAnswerCame) {
  Domain domain(2, with_presence());
  {
    Listener gone(domain, 0, "room:1", "gone");
    domain.nodes[0]->subscribe(
        gone.subscription,
        {.channel = "room:1", .user_id = "gone", .session_id = "gone", .info_json = "{}"},
        [](const std::expected<SubscribeSnapshot, Error>&) {});
    gone.unsubscribe();
  }
  domain.mesh.run();
  std::optional<PresenceReport> members;
  domain.nodes[1]->presence("room:1", [&](PresenceReport report) { members = std::move(report); });
  domain.mesh.run();
  EXPECT_EQ(members->total, 0U);
  EXPECT_EQ(domain.nodes[0]->hub().subscriptions(), 0U);
}

TEST(Node, FoldsAStreamForLateSubscribersAndKeepsTheWholeMessage) {
  Domain domain(2);
  Listener early(domain, 0, "chat:1", "early");
  early.subscribe();
  domain.mesh.run();
  publish(domain, 1, piece("chat:1", 1, "Hel"));
  publish(domain, 1, piece("chat:1", 2, "lo"));

  Listener late(domain, 1, "chat:1", "late");
  late.subscribe();
  domain.mesh.run();
  ASSERT_EQ(late.snapshot->streams.size(), 1U);
  const Publication& snapshot = *late.snapshot->streams[0];
  EXPECT_TRUE(snapshot.piece.snapshot);
  EXPECT_EQ(snapshot.piece.content, "Hello");
  EXPECT_EQ(snapshot.piece.rev_to, 2U);
  EXPECT_NE(snapshot.json().find(R"("rev":[1,2],"snapshot":true)"), std::string_view::npos);

  EXPECT_TRUE((*publish(domain, 1, piece("chat:1", 2, "lo")))->duplicate);
  EXPECT_EQ(publish(domain, 1, piece("chat:1", 4, "?"))->error().details, R"("expectedIndex":3)");
  const auto last = publish(domain, 1, piece("chat:1", 3, "!", true));
  EXPECT_EQ((*last)->position->offset, 1U);
  EXPECT_EQ(late.types(), (std::vector<std::string>{"chat_message_chunk", "chat_message"}));
  EXPECT_NE(late.got[1]->json().find(R"("content":"Hello!")"), std::string_view::npos);
  EXPECT_EQ(early.got.size(), 4U);
}

TEST(Node, EndsAnAbandonedMessageAsInterrupted) {
  Domain domain(1);
  Listener listener(domain, 0, "chat:1", "l");
  listener.subscribe();
  publish(domain, 0, piece("chat:1", 1, "half"));
  domain.clock.advance_ms(59'000);
  domain.nodes[0]->sweep();
  EXPECT_EQ(listener.got.size(), 1U);
  domain.clock.advance_ms(2'000);
  domain.nodes[0]->sweep();
  ASSERT_EQ(listener.got.size(), 3U);
  EXPECT_TRUE(listener.got[1]->piece.complete);
  EXPECT_NE(listener.got[2]->json().find(R"("status":"interrupted")"), std::string_view::npos);
  EXPECT_EQ(publish(domain, 0, piece("chat:1", 2, "late"))->error().code, ErrorCode::stream_closed);
}

TEST(Node, GivesLateJoinersTheNewestOfEachSender) {
  Domain domain(2);
  const auto status = [&](std::string_view user, std::string_view payload) {
    PublishRequest request = message("chat:1");
    request.type = "agent_status_update";
    request.payload = payload;
    request.from.user_id = user;
    request.delivery = DeliveryClass::latest;
    return publish(domain, 0, request);
  };
  status("a1", R"({"n":1})");
  status("a2", R"({"n":2})");
  EXPECT_FALSE((*status("a1", R"({"n":3})"))->position) << "only durable events have a position";
  Listener late(domain, 1, "chat:1", "late");
  late.subscribe();
  domain.mesh.run();
  ASSERT_EQ(late.snapshot->latest.size(), 2U);
  EXPECT_EQ(late.snapshot->latest[0]->payload(), R"({"n":3})");
  EXPECT_EQ(late.snapshot->latest[1]->payload(), R"({"n":2})");
}

TEST(Node, MarksALatestEventWhosePredecessorsHadAnotherPriority) {
  Domain domain(1);
  Listener listener(domain, 0, "chat:1", "l");
  listener.subscribe();
  domain.mesh.run();
  std::vector<bool> varies;
  for (const Priority priority : {Priority::high, Priority::high, Priority::low, Priority::low}) {
    PublishRequest request = message("chat:1");
    request.delivery = DeliveryClass::latest;
    request.priority = priority;
    publish(domain, 0, request);
    domain.mesh.run();
    varies.push_back(listener.got.back()->priority_varies);
  }
  EXPECT_EQ(varies, (std::vector{false, false, true, true}));
}

TEST(Node, TellsOfAUsersFirstAndLastDeviceOnly) {
  Domain domain(2, with_presence());
  Listener watcher(domain, 0, "room:1", "watcher");
  watcher.subscribe();
  domain.mesh.run();
  Listener phone(domain, 1, "room:1", "ann");
  phone.subscribe();
  domain.mesh.run();
  Listener laptop(domain, 0, "room:1", "ann");
  domain.nodes[0]->subscribe(
      laptop.subscription,
      {.channel = "room:1", .user_id = "ann", .session_id = "laptop", .info_json = "{}"},
      [](const std::expected<SubscribeSnapshot, Error>&) {});
  domain.mesh.run();
  EXPECT_EQ(watcher.types(), (std::vector<std::string>{"presence_join"}));
  EXPECT_TRUE(phone.got.empty()) << "nobody is told of their own arrival";
  phone.unsubscribe();
  domain.mesh.run();
  EXPECT_EQ(watcher.got.size(), 1U);
  domain.nodes[0]->unsubscribe(laptop.subscription, "ann", "laptop", LeaveKind::left);
  domain.mesh.run();
  EXPECT_EQ(watcher.types(), (std::vector<std::string>{"presence_join", "presence_leave"}));
}

TEST(Node, ForgetsAnIdleChannelAndBeginsANewEpoch) {
  Domain domain(1);
  const auto first = publish(domain, 0, message("chat:1"));
  domain.clock.advance_ms(301'000);
  domain.nodes[0]->sweep();
  const auto again = publish(domain, 0, message("chat:1"));
  EXPECT_EQ((*again)->position->offset, 1U);
  EXPECT_NE((*again)->position->epoch, (*first)->position->epoch);
}

TEST(Node, RefusesChannelsPastTheLimit) {
  Config config;
  config.limits.channels = 2;
  Domain domain(1, config);
  for (const char* name : {"a:1", "a:2", "a:3"}) EXPECT_TRUE(*publish(domain, 0, message(name)));
  EXPECT_EQ(publish(domain, 0, message("a:4"))->error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(*publish(domain, 0, message("a:1"))) << "known channels go on";
}

TEST(Node, ListsTheChannelsOfAllShards) {
  Domain domain(4);
  for (int i = 0; i < 20; ++i) publish(domain, 0, message("chat:" + std::to_string(i)));
  publish(domain, 0, message("other:1"));
  std::vector<ChannelSummary> found;
  domain.nodes[2]->list_channels(
      "chat:", 100, [&](std::vector<ChannelSummary> list) { found = std::move(list); });
  domain.mesh.run();
  EXPECT_EQ(found.size(), 20U);
}

TEST(Rendering, CarriesWhatTheEndPointsSealedInEveryForm) {
  Domain domain(1);
  Listener listener(domain, 0, "chat:1", "l");
  listener.subscribe();
  PublishRequest sealed = message("chat:1");
  sealed.nonce = "n-\"quoted\"";
  sealed.sig = "a signature";
  sealed.enc = "an envelope key";
  publish(domain, 0, sealed);
  Rendering rendering(listener.got[0], domain.forms, 0);
  const std::string_view proto = rendering.frame(domain.forms.intern(true, std::nullopt)).payload();
  for (const std::string_view part : {"n-\"quoted\"", "a signature", "an envelope key"})
    EXPECT_NE(proto.find(part), std::string_view::npos) << part;
}

TEST(Rendering, EncodesAPieceForTheFirstWhoWantsItAsItIs) {
  Domain domain(1);
  Publication said;
  said.head = std::make_shared<const PublicationHead>(PublicationHead{
      .channel = "chat:1", .type = "chat_message_chunk", .sender = {"ann", "c1", "web"}});
  said.delivery = DeliveryClass::stream;
  said.piece = {.message_id = "m", .rev_from = 3, .rev_to = 3};
  said.piece.add({}, {}, {}, "Hello");
  Rendering rendering(std::make_shared<const Publication>(said), domain.forms, 0);
  EXPECT_EQ(rendering.frame_bytes(), 0U) << "nobody wants it yet";
  const ws::SharedFrame frame = rendering.frame(kPlainJsonForm);
  EXPECT_NE(frame.payload().find(R"("content":"Hello")"), std::string_view::npos);
  EXPECT_TRUE(frame.same_as(rendering.publication()->frame));
  EXPECT_TRUE(frame.same_as(rendering.frame(kPlainJsonForm))) << "once";
  const FormId proto = domain.forms.intern(true, std::nullopt);
  EXPECT_NE(rendering.frame(proto).payload().find(rendering.publication()->payload()),
            std::string_view::npos);
}

TEST(Node, WritesTheProtoFormOfWhatItDelivers) {
  Domain domain(1);
  Listener listener(domain, 0, "chat:1", "l");
  listener.subscribe();
  publish(domain, 0, message("chat:1"));
  const FormId form = domain.forms.intern(true, std::nullopt);
  Rendering rendering(listener.got[0], domain.forms, 0);
  const ws::SharedFrame& frame = rendering.frame(form);
  EXPECT_EQ(frame.opcode(), ws::Opcode::binary);
  EXPECT_NE(frame.payload().find(R"({"content":"hi","role":"user"})"), std::string_view::npos);
  EXPECT_TRUE(frame.same_as(rendering.frame(form))) << "each form is made once";
}

TEST(Node, CompressesOnceForAllWithTheSameParameters) {
  Domain domain(1);
  Listener listener(domain, 0, "chat:1", "l");
  listener.subscribe();
  PublishRequest request = message("chat:1");
  const std::string payload = R"({"role":"user","content":")" + std::string(4'000, 'x') + R"("})";
  request.payload = payload;
  publish(domain, 0, request);
  const FormId form =
      domain.forms.intern(false, ws::DeflateParams{.server_no_context_takeover = true});
  const FormId same = domain.forms.intern(
      false,
      ws::DeflateParams{.server_no_context_takeover = true, .client_no_context_takeover = true});
  EXPECT_EQ(form, same) << "what the client sends does not matter";
  Rendering rendering(listener.got[0], domain.forms, 0);
  EXPECT_TRUE(rendering.frame(form).rsv1());
  EXPECT_LT(rendering.frame(form).size(), 300U);
}

}  // namespace
}  // namespace tidewire
