#include <gtest/gtest.h>

#include "hub/domain_fixture.h"

namespace tidewire {
namespace {

/// One device of a user in channel "room:1"; keeps the presence events that it gets.
class Device final : public Subscriber {
 public:
  Device(Domain& domain, std::size_t shard, std::string user, std::string session)
      : user(std::move(user)),
        session(std::move(session)),
        subscription(*this, "room:1"),
        node_(*domain.nodes[shard]) {}

  void deliver(Subscription&, Rendering& rendering) override {
    const Publication& event = *rendering.publication();
    got.push_back(event.type + " " + std::string(event.payload()));
  }
  void come() {
    node_.subscribe(
        subscription,
        {.channel = "room:1", .user_id = user, .session_id = session, .info_json = "{}"},
        [this](const std::expected<SubscribeSnapshot, Error>& result) {
          ASSERT_TRUE(result);
          node_.hub().activate(subscription, result->position.offset);
        });
  }
  void go(LeaveKind kind) { node_.unsubscribe(subscription, user, session, kind); }

  std::string user;
  std::string session;
  Subscription subscription;
  std::vector<std::string> got;

 private:
  Node& node_;
};

class Presence : public ::testing::Test {
 protected:
  static Config configuration() {
    Config config;
    config.namespaces["room"] = NamespaceConfig{.presence = true, .join_leave = true};
    return config;
  }
  Presence() {
    watcher.come();
    domain.mesh.run();
  }

  std::vector<PresentUser> members() {
    std::vector<PresentUser> answer;
    domain.nodes[1]->presence("room:1",
                              [&](std::vector<PresentUser> list) { answer = std::move(list); });
    domain.mesh.run();
    return answer;
  }
  std::vector<std::string> told() { return std::exchange(watcher.got, {}); }

  const std::string join = R"(presence_join {"userId":"ann","clients":1,"info":{}})";
  const std::string leave = R"(presence_leave {"userId":"ann","clients":0})";
  Domain domain{3, configuration()};
  Device watcher{domain, 0, "watcher", "w"};
};

using Told = std::vector<std::string>;

TEST_F(Presence, TellsAtOnceOfWhoLeavesAndLaterOfWhoIsLost) {
  Device ann(domain, 1, "ann", "s1");
  ann.come();
  domain.mesh.run();
  ann.go(LeaveKind::left);
  domain.mesh.run();
  EXPECT_EQ(told(), (Told{join, leave}));

  ann.come();
  domain.mesh.run();
  ann.go(LeaveKind::lost);
  domain.advance(14'900);
  EXPECT_EQ(told(), (Told{join}));
  EXPECT_EQ(members().size(), 2U) << "still listed";
  domain.advance(200);
  EXPECT_EQ(told(), (Told{leave}));
  EXPECT_EQ(members().size(), 1U);
}

TEST_F(Presence, IsSilentWhenTheSameSessionComesBackInTime) {
  Device before(domain, 1, "ann", "s1");
  before.come();
  domain.mesh.run();
  before.go(LeaveKind::lost);
  domain.advance(10'000);
  Device after(domain, 2, "ann", "s1");
  after.come();
  domain.advance(60'000);
  EXPECT_EQ(told(), (Told{join}));
  EXPECT_EQ(members().at(0).clients, 1U);
  after.go(LeaveKind::left);
  domain.mesh.run();
  EXPECT_EQ(told(), (Told{leave}));
}

TEST_F(Presence, StaysWhenTheNewConnectionComesBeforeTheOldOneIsGone) {
  Device before(domain, 1, "ann", "s1");
  before.come();
  domain.mesh.run();
  Device after(domain, 2, "ann", "s1");
  after.come();
  domain.mesh.run();
  before.go(LeaveKind::left);
  domain.advance(60'000);
  EXPECT_EQ(told(), (Told{join}));
  EXPECT_EQ(members().at(0).clients, 1U);
  after.go(LeaveKind::left);
  domain.mesh.run();
}

TEST_F(Presence, GivesEachLostDeviceItsOwnTime) {
  Device ann(domain, 1, "ann", "s1");
  Device bob(domain, 2, "bob", "s2");
  ann.come();
  bob.come();
  domain.mesh.run();
  ann.go(LeaveKind::lost);
  domain.advance(5'000);
  bob.go(LeaveKind::lost);
  domain.advance(10'100);
  EXPECT_EQ(members().size(), 2U) << "bob and the watcher";
  domain.advance(5'000);
  EXPECT_EQ(members().size(), 1U);
}

TEST_F(Presence, KeepsAChannelWhileSomebodyLingers) {
  domain.limits.presence_grace_ms = 3'600'000;
  Device ann(domain, 1, "ann", "s1");
  ann.come();
  domain.mesh.run();
  ann.go(LeaveKind::lost);
  watcher.go(LeaveKind::left);
  domain.mesh.run();
  domain.clock.advance_ms(3'000'000);
  for (auto& node : domain.nodes) node->sweep();
  EXPECT_EQ(members().size(), 1U);
  domain.clock.advance_ms(3'000'000);
  domain.timers.advance(domain.clock.mono_ms());
  EXPECT_TRUE(members().empty());
  for (auto& node : domain.nodes) node->sweep();
  EXPECT_EQ(domain.metrics[owner_of("room:1", 3)]->channels.value(), 0);
}

}  // namespace
}  // namespace tidewire
