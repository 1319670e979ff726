#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

class VisibilityTest : public ::testing::Test, protected SessionWorld {
 protected:
  void piece(Client& agent, int index, bool complete = false) {
    agent.send(json{{"type", "chat_message_chunk"},
                    {"channel", "chat:1"},
                    {"payload",
                     {{"messageId", "m"},
                      {"content", std::to_string(index) + " "},
                      {"isComplete", complete},
                      {"index", index}}}});
  }
  static std::vector<json> pieces(Client& reader) {
    std::vector<json> list;
    for (const json& each : reader.wire.read())
      if (each["type"] == "chat_message_chunk") list.push_back(each["payload"]);
    return list;
  }
  std::unique_ptr<Client> reader(json payload = json::object()) {
    auto made = connect_as("reader");
    EXPECT_EQ(made->ask({{"type", "subscribe"},
                         {"channel", "chat:1"},
                         {"payload", std::move(payload)}})["type"],
              "subscribed");
    return made;
  }
  static json visibility(const char* state) {
    return {{"type", "visibility"}, {"payload", {{"state", state}}}};
  }
};

TEST_F(VisibilityTest, RollsUpForAHiddenClientAndHandsOverWhenItIsVisible) {
  auto agent = connect_as("agent");
  auto tab = reader();
  EXPECT_EQ(tab->ask(visibility("hidden"))["type"], "ack");
  for (int i = 1; i <= 5; ++i) piece(*agent, i);
  EXPECT_EQ(pieces(*tab).size(), 1U) << "the first comes at once";
  tab->send(visibility("visible"));
  const auto folded = pieces(*tab);
  ASSERT_EQ(folded.size(), 1U);
  EXPECT_EQ(folded[0]["rev"], json({2, 5}));
  EXPECT_EQ(folded[0]["content"], "2 3 4 5 ");
  piece(*agent, 6);
  piece(*agent, 7);
  EXPECT_EQ(pieces(*tab).size(), 2U);
}

TEST_F(VisibilityTest, CountsForSubscriptionsThatComeLater) {
  auto agent = connect_as("agent");
  auto tab = connect_as("reader");
  tab->send(visibility("hidden"));
  tab->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  piece(*agent, 1);
  piece(*agent, 2);
  piece(*agent, 3);
  advance(980);
  EXPECT_EQ(pieces(*tab).size(), 1U);
  advance(60);
  EXPECT_EQ(pieces(*tab).at(0)["rev"], json({2, 3}));
}

TEST_F(VisibilityTest, LeavesALongerRollUpAsItIs) {
  auto agent = connect_as("agent");
  auto tab = reader({{"rollup", 3'000}});
  tab->send(visibility("hidden"));
  piece(*agent, 1);
  piece(*agent, 2);
  tab->send(visibility("visible"));
  EXPECT_EQ(pieces(*tab).size(), 1U) << "3 s either way";
  advance(3'050);
  EXPECT_EQ(pieces(*tab).size(), 1U);
}

TEST_F(VisibilityTest, TakesTheRollUpOfTheNamespaceUnlessTheClientSaysOtherwise) {
  domain.config.namespaces["chat"].rollup = Milliseconds(100);
  auto agent = connect_as("agent");
  auto by_default = reader();
  auto eager = reader({{"rollup", 0}});
  for (int i = 1; i <= 4; ++i) piece(*agent, i);
  EXPECT_EQ(pieces(*by_default).size(), 1U);
  EXPECT_EQ(pieces(*eager).size(), 4U);
}

TEST_F(VisibilityTest, GivesEachStreamModeItsShape) {
  auto agent = connect_as("agent");
  piece(*agent, 1);
  auto conflated = reader({{"stream", "conflate:200"}});
  auto final = reader({{"stream", "final"}});
  piece(*agent, 2);
  piece(*agent, 3);
  advance(250);
  const auto whole = pieces(*conflated);
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(whole[1]["content"], "1 2 3 ");
  EXPECT_EQ(whole[1]["snapshot"], true);
  piece(*agent, 4, true);
  EXPECT_EQ(final->wire.read().size(), 1U) << "only the durable message";
}

TEST_F(VisibilityTest, RefusesWhatItDoesNotKnow) {
  auto tab = reader();
  EXPECT_EQ(tab->ask(visibility("asleep"))["payload"]["path"], "/payload/state");
  EXPECT_EQ(tab->ask({{"type", "visibility"}})["payload"]["path"], "/payload/state");
}

}  // namespace
}  // namespace tidewire
