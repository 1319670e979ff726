#include <gtest/gtest.h>

#include "hub/domain_fixture.h"

namespace tidewire {
namespace {

/// Keeps what it is told in channel "room:1", the snapshot first.
class Viewer final : public Subscriber {
 public:
  Viewer(Domain& domain, std::size_t shard) : subscription(*this, "room:1") {
    domain.nodes[shard]->subscribe(
        subscription, {.channel = "room:1", .user_id = "viewer", .session_id = "v"},
        [this, &hub = domain.nodes[shard]->hub()](std::expected<SubscribeSnapshot, Error> result) {
          for (const auto& each : result->latest) take(*each);
          hub.activate(subscription, result->position.offset);
        });
    domain.mesh.run();
  }
  void deliver(Subscription&, Rendering& rendering) override { take(*rendering.publication()); }
  void take(const Publication& event) {
    got.push_back(event.sender().user_id + ' ' + std::string(event.payload()));
    offsets += event.offset != 0 ? 1 : 0;
  }
  std::vector<std::string> told() { return std::exchange(got, {}); }

  Subscription subscription;
  std::vector<std::string> got;
  int offsets = 0;
};

class Activity : public ::testing::Test {
 protected:
  void publish(std::string_view type, std::string_view payload, DeliveryClass delivery,
               std::string_view user, std::string_view connection) {
    domain.nodes[1]->publish({.channel = "room:1",
                              .type = type,
                              .payload = payload,
                              .from = {.user_id = user, .connection_id = connection, .client = "t"},
                              .delivery = delivery},
                             [](const PublishResult& result) { EXPECT_TRUE(result); });
    domain.mesh.run();
  }
  void type(std::string_view user, std::string_view session, std::string_view connection) {
    const std::string payload = R"({"userId":")" + std::string(user) + R"(","sessionId":")" +
                                std::string(session) + R"("})";
    publish("user_typing", payload, DeliveryClass::ephemeral, user, connection);
  }
  void status(std::string_view payload, std::string_view connection) {
    publish("agent_status_update", payload, DeliveryClass::latest, "bot", connection);
  }
  void gone(std::string_view user, std::string_view connection) {
    domain.nodes[2]->connection_gone("room:1", std::string(user), std::string(connection));
    domain.mesh.run();
  }

  Domain domain{3};
  Viewer viewer{domain, 0};
};

using Told = std::vector<std::string>;
const std::string kTyping = R"(ann {"userId":"ann","sessionId":"s1"})";
const std::string kStopped = R"(ann {"userId":"ann","sessionId":"s1","isTyping":false})";
const std::string kBusy = R"({"isActive":true,"progress":0.5,"currentTask":"think"})";
const std::string kIdle = R"({"isActive":false,"progress":null,"currentTask":null})";

TEST_F(Activity, TypingEndsByItself) {
  type("ann", "s1", "c1");
  domain.advance(5'900);
  EXPECT_EQ(viewer.told(), (Told{kTyping}));
  domain.advance(150);
  EXPECT_EQ(viewer.told(), (Told{kStopped}));
  domain.advance(60'000);
  EXPECT_TRUE(viewer.told().empty()) << "once";
  EXPECT_EQ(viewer.offsets, 0) << "typing costs no history";
}

TEST_F(Activity, RepeatsProlongAndAreToldSparingly) {
  for (int i = 0; i < 20; ++i) {
    type("ann", "s1", "c1");
    domain.advance(500);
  }
  EXPECT_EQ(viewer.told(), (Told{kTyping, kTyping, kTyping, kTyping}))
      << "20 repeats in 10 s: every half timeout once";
  domain.advance(5'400);
  EXPECT_TRUE(viewer.told().empty()) << "the last repeat counts";
  domain.advance(300);
  EXPECT_EQ(viewer.told(), (Told{kStopped}));
}

TEST_F(Activity, AnotherConnectionOfTheSameSessionIsNews) {
  type("ann", "s1", "c1");
  type("ann", "s1", "c2");
  EXPECT_EQ(viewer.told().size(), 2U);
  gone("ann", "c1");
  EXPECT_TRUE(viewer.told().empty()) << "the newer connection still types";
  gone("ann", "c2");
  EXPECT_EQ(viewer.told(), (Told{kStopped}));
}

TEST_F(Activity, TypingEndsWhenItsUserSaysSo) {
  type("ann", "s1", "c1");
  publish("user_typing", R"({"userId":"ann","sessionId":"s1","isTyping":false})",
          DeliveryClass::ephemeral, "ann", "c1");
  domain.advance(10'000);
  EXPECT_EQ(viewer.told(), (Told{kTyping, kStopped}));
}

TEST_F(Activity, AMessageEndsTheTypingOfItsUserOnly) {
  type("ann", "s1", "c1");
  type("ann", "s2", "c2");
  type("anna", "s3", "c3");
  viewer.told();
  publish("chat_message", R"({"content":"hi","role":"user"})", DeliveryClass::durable, "ann", "c1");
  const Told told = viewer.told();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0], kStopped);
  EXPECT_EQ(told[1], R"(ann {"userId":"ann","sessionId":"s2","isTyping":false})");
  EXPECT_EQ(told[2], R"(ann {"content":"hi","role":"user"})");
}

TEST_F(Activity, ALateJoinerLearnsWhoTypesFromTheNextRepeat) {
  type("ann", "s1", "c1");
  Viewer late(domain, 2);
  EXPECT_TRUE(late.told().empty()) << "typing is kept nowhere";
  domain.advance(500);
  type("ann", "s1", "c1");
  EXPECT_EQ(late.told(), (Told{kTyping})) << "at once, though it was told half a second ago";
  type("ann", "s1", "c1");
  EXPECT_TRUE(late.told().empty());
  domain.advance(6'100);
  EXPECT_EQ(late.told(), (Told{kStopped}));
}

TEST_F(Activity, PastItsLimitTypingIsDeliveredAndForgotten) {
  domain.limits.typing_users = 1;
  type("ann", "s1", "c1");
  type("bob", "s2", "c2");
  EXPECT_EQ(viewer.told().size(), 2U);
  domain.advance(10'000);
  EXPECT_EQ(viewer.told(), (Told{kStopped}));
}

TEST_F(Activity, AnAgentIsIdleWhenItsConnectionIsGone) {
  status(kBusy, "c1");
  gone("bot", "c9");
  gone("ann", "c1");
  EXPECT_EQ(viewer.told(), (Told{"bot " + kBusy})) << "somebody else's end";
  gone("bot", "c1");
  EXPECT_EQ(viewer.told(), (Told{"bot " + kIdle}));
  EXPECT_EQ(Viewer(domain, 2).told(), (Told{"bot " + kIdle})) << "late joiners too";
  gone("bot", "c1");
  EXPECT_TRUE(viewer.told().empty()) << "once";
}

TEST_F(Activity, AnAgentThatCameBackOnAnotherConnectionStaysActive) {
  status(kBusy, "c1");
  status(kBusy, "c2");
  viewer.told();
  gone("bot", "c1");
  EXPECT_TRUE(viewer.told().empty());
}

TEST_F(Activity, NothingHappensToAnAgentThatHadFinished) {
  status(kIdle, "c1");
  viewer.told();
  gone("bot", "c1");
  EXPECT_TRUE(viewer.told().empty());
}

}  // namespace
}  // namespace tidewire
