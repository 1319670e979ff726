#include <algorithm>
#include <map>
#include <random>

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
    got.push_back(event.type() + " " + std::string(event.payload()));
  }
  void come() {
    node_.subscribe(
        subscription,
        {.channel = "room:1", .user_id = user, .session_id = session, .info_json = info},
        [this](const std::expected<SubscribeSnapshot, Error>& result) {
          ASSERT_TRUE(result);
          node_.hub().activate(subscription, result->position.offset);
        });
  }
  void go(LeaveKind kind) { node_.unsubscribe(subscription, user, session, kind); }

  std::string user;
  std::string session;
  std::string info = "{}";
  Subscription subscription;
  std::vector<std::string> got;

 private:
  Node& node_;
};

class Presence : public ::testing::Test {
 protected:
  static Config configuration() {
    Config config;
    config.namespaces["room"] =
        NamespaceConfig{.presence = true, .join_leave = true, .presence_sample = 8};
    return config;
  }
  Presence() {
    watcher.come();
    domain.mesh.run();
  }

  PresenceReport report() {
    PresenceReport answer;
    domain.nodes[1]->presence("room:1", [&](PresenceReport got) { answer = std::move(got); });
    domain.mesh.run();
    return answer;
  }
  std::vector<PresentUser> members() { return report().members; }
  std::expected<void, Error> update(const Device& device, std::string info) {
    std::expected<void, Error> answer;
    domain.nodes[2]->presence_update({"room:1", device.user, device.session, std::move(info)},
                                     [&](std::expected<void, Error> got) { answer = got; });
    domain.mesh.run();
    return answer;
  }
  /// So many users, one device each, all in.
  std::vector<std::unique_ptr<Device>> crowd(std::size_t count) {
    std::vector<std::unique_ptr<Device>> list;
    for (std::size_t i = 0; i < count; ++i) {
      list.push_back(std::make_unique<Device>(domain, i % 3, "u" + std::to_string(i), "s"));
      list.back()->come();
      domain.mesh.run();
    }
    return list;
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
  domain.clock.advance_ms(301'000);
  for (auto& node : domain.nodes) node->sweep();
  EXPECT_EQ(domain.metrics[owner_of("room:1", 3)]->channels.value(), 0);
}

TEST_F(Presence, TellsWhatAUserSaysAboutItselfAsAnUpdate) {
  Device ann(domain, 1, "ann", "s1");
  ann.come();
  domain.mesh.run();
  told();
  EXPECT_TRUE(update(ann, R"({"away":true})"));
  EXPECT_EQ(told(), (Told{R"(presence_update {"userId":"ann","clients":1,"info":{"away":true}})"}));
  EXPECT_TRUE(update(ann, R"({"away":true})"));
  EXPECT_TRUE(told().empty()) << "nothing new";
  EXPECT_EQ(members().at(0).info_json, R"({"away":true})");

  Device stranger(domain, 1, "bob", "s2");
  EXPECT_EQ(update(stranger, "{}").error().code, ErrorCode::not_subscribed);
  ann.go(LeaveKind::left);
  domain.mesh.run();
}

TEST_F(Presence, ASecondDeviceIsNewsOnlyWhenItBringsOtherInfo) {
  Device phone(domain, 1, "ann", "s1");
  Device laptop(domain, 2, "ann", "s2");
  Device tablet(domain, 0, "ann", "s3");
  tablet.info = R"({"name":"Ann"})";
  for (Device* device : {&phone, &laptop, &tablet}) {
    device->come();
    domain.mesh.run();
  }
  EXPECT_EQ(told(),
            (Told{join, R"(presence_update {"userId":"ann","clients":3,"info":{"name":"Ann"}})"}));
}

TEST_F(Presence, ALargeChannelTellsCountsAtMostOnceASecond) {
  auto users = crowd(7);
  EXPECT_EQ(report().total, 8U);
  EXPECT_TRUE(report().complete);
  EXPECT_EQ(told().size(), 7U) << "each join";
  auto more = crowd(20);  // seven of them are second devices
  EXPECT_EQ(told(), (Told{R"(presence_count {"total":9,"complete":false})"}));
  domain.advance(1'100);
  EXPECT_EQ(told(), (Told{R"(presence_count {"total":21,"complete":false})"}));
  EXPECT_TRUE(update(*more[0], R"({"x":1})"));
  EXPECT_TRUE(told().empty()) << "updates are not told";
  EXPECT_EQ(report().total, 21U);
  EXPECT_EQ(report().members.size(), 8U) << "a sample";
  EXPECT_FALSE(report().complete);

  domain.advance(1'100);
  for (std::size_t i = 5; i < 20; ++i) more[i]->go(LeaveKind::left);
  for (auto& user : users) user->go(LeaveKind::left);
  domain.mesh.run();
  EXPECT_EQ(told(), (Told{R"(presence_count {"total":20,"complete":false})",
                          R"(presence_count {"total":6,"complete":true})"}))
      << "the first leave at once, then that the channel is small again";
  EXPECT_TRUE(report().complete);
  more[0]->go(LeaveKind::left);
  domain.advance(1'100);
  EXPECT_EQ(told(), (Told{R"(presence_leave {"userId":"u0","clients":0})"}));
  EXPECT_EQ(report().total, 5U);
  for (std::size_t i = 1; i < 5; ++i) more[i]->go(LeaveKind::left);
  domain.mesh.run();
}

TEST_F(Presence, PastItsLimitUsersAreNotCounted) {
  domain.limits.presence_users = 3;
  Domain& whole = domain;
  Device first(whole, 0, "a", "s");
  // The limit is read when a channel begins, so another channel is needed.
  watcher.go(LeaveKind::left);
  whole.mesh.run();
  whole.clock.advance_ms(400'000);
  for (auto& node : whole.nodes) node->sweep();
  auto users = crowd(5);
  EXPECT_EQ(report().total, 3U);
  for (auto& user : users) user->go(LeaveKind::left);
  whole.mesh.run();
  EXPECT_EQ(report().total, 0U);
}

TEST_F(Presence, RemembersWhoLeft) {
  Device ann(domain, 1, "ann", "s1");
  ann.come();
  domain.mesh.run();
  domain.advance(1'000);
  ann.go(LeaveKind::left);
  domain.mesh.run();
  ASSERT_EQ(report().last_seen.size(), 1U);
  EXPECT_EQ(report().last_seen[0].user_id, "ann");
  EXPECT_EQ(report().last_seen[0].at, domain.clock.wall_ms());
  ann.come();
  domain.mesh.run();
  EXPECT_TRUE(report().last_seen.empty()) << "here again";
  ann.go(LeaveKind::left);
  domain.mesh.run();
  domain.clock.advance_ms(300'001);
  EXPECT_TRUE(report().last_seen.empty()) << "namespace.last_seen is over";
}

/// Keeps the list as a client does: joins, updates and leaves.
class Roster final : public Subscriber {
 public:
  Roster(Domain& domain, std::size_t shard)
      : subscription(*this, "room:1"), node_(*domain.nodes[shard]) {
    node_.subscribe(subscription, {.channel = "room:1", .user_id = "watcher", .session_id = "w2"},
                    [this](const std::expected<SubscribeSnapshot, Error>& result) {
                      node_.hub().activate(subscription, result->position.offset);
                    });
    domain.mesh.run();
  }
  void deliver(Subscription&, Rendering& rendering) override {
    const Publication& event = *rendering.publication();
    const std::string payload(event.payload());
    const std::string user = payload.substr(11, payload.find('"', 11) - 11);
    if (event.type() == "presence_leave") {
      users.erase(user);
    } else {
      const std::size_t info = payload.find("\"info\":");
      users[user] = payload.substr(info + 7, payload.size() - info - 8);
    }
  }
  Subscription subscription;
  std::map<std::string, std::string> users;

 private:
  Node& node_;
};

TEST(PresenceProperty, EventsAndListsConverge) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    Config config;
    config.namespaces["room"] = NamespaceConfig{.presence = true, .join_leave = true};
    Domain domain(3, config);
    Roster roster(domain, seed % 3);
    std::vector<std::unique_ptr<Device>> devices;
    std::vector<bool> here(12, false);
    for (std::size_t i = 0; i < here.size(); ++i)
      devices.push_back(std::make_unique<Device>(domain, i % 3, "u" + std::to_string(i / 3),
                                                 "s" + std::to_string(i)));
    for (int step = 0; step < 300; ++step) {
      const std::size_t i = random() % devices.size();
      switch (random() % 4) {
        case 0:
        case 1:
          if (here[i]) {
            devices[i]->go(random() % 2 == 0 ? LeaveKind::left : LeaveKind::lost);
          } else {
            devices[i]->come();
            domain.mesh.run();  // an answer must find its device
          }
          here[i] = !here[i];
          break;
        case 2:
          domain.nodes[random() % 3]->presence_update(
              {"room:1", devices[i]->user, devices[i]->session,
               R"({"n":)" + std::to_string(step) + "}"},
              [](const std::expected<void, Error>&) {});
          break;
        default:
          domain.clock.advance_ms(static_cast<std::int64_t>(random() % 8'000));
          domain.timers.advance(domain.clock.mono_ms());
      }
      for (unsigned tasks = random() % 3; tasks > 0; --tasks)
        domain.mesh.run_one(static_cast<ShardIndex>(random() % 3));
    }
    domain.advance(20'000);
    PresenceReport truth;
    domain.nodes[0]->presence("room:1", [&](PresenceReport got) { truth = std::move(got); });
    domain.mesh.run();
    std::map<std::string, std::uint32_t> expected{{"watcher", 1}};
    for (std::size_t i = 0; i < here.size(); ++i)
      if (here[i]) ++expected[devices[i]->user];
    ASSERT_EQ(truth.members.size(), expected.size()) << "seed " << seed;
    for (const PresentUser& user : truth.members) {
      EXPECT_EQ(user.clients, expected[user.user_id]) << "seed " << seed << ' ' << user.user_id;
      if (user.user_id != "watcher") {
        EXPECT_EQ(roster.users[user.user_id], user.info_json) << "seed " << seed;
      }
    }
    EXPECT_EQ(roster.users.size(), expected.size() - 1) << "seed " << seed;
    for (std::size_t i = 0; i < here.size(); ++i)
      if (here[i]) devices[i]->go(LeaveKind::left);
    domain.mesh.run();
  }
}

}  // namespace
}  // namespace tidewire
