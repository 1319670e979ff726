#include "session/parked_session.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(ParkedSession, ComesBackFromItsText) {
  ParkedSession session{
      .id = "s",
      .user_id = "ann",
      .expires_at = 5,
      .channels = {{.channel = "chat:1", .position = {"e", 7}},
                   {.channel = "chat:2",
                    .position = {"f", 0},
                    .acknowledged = 3,
                    .granted = {Permission::subscribe, Permission::history},
                    .granted_until = 99,
                    .ceiling = {Permission::subscribe},
                    .mode = {StreamMode::Kind::conflate, 250}}},
      .events = {{.type = "note", .payload = R"({"a":"\u00e9"})", .key = "k", .ts = 4}}};
  PublishWindow publishes;
  publishes.remember(4, {.position = StreamPosition{"e", 7}});
  publishes.remember(5, {});
  session.publishes = std::make_shared<const PublishWindow>(publishes);
  const auto back = parked_session_from_json(to_json(session));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(session));
  EXPECT_EQ(back->channels[0].position, (StreamPosition{"e", 7}));
  EXPECT_EQ(back->channels[1].granted, session.channels[1].granted);
  EXPECT_EQ(back->publishes->find(4)->position, (StreamPosition{"e", 7}));
  EXPECT_EQ(back->publishes->last(), 5U);
  EXPECT_EQ(back->channels[1].granted_until, 99);
  EXPECT_EQ(back->channels[1].mode, session.channels[1].mode);
  EXPECT_EQ(back->channels[1].ceiling, session.channels[1].ceiling);
  EXPECT_EQ(back->channels[0].ceiling, PermissionSet::all());
  EXPECT_EQ(back->events[0].payload, session.events[0].payload);
}

TEST(ParkedSession, AnotherVersionOrBrokenTextIsRefused) {
  std::string text = to_json({.id = "s", .user_id = "ann"});
  const std::string mark = R"("version":1)";
  text.replace(text.find(mark), mark.size(), R"("version":2)");
  EXPECT_FALSE(parked_session_from_json(text));
  EXPECT_FALSE(parked_session_from_json("{"));
  EXPECT_FALSE(parked_session_from_json("[]"));
  EXPECT_FALSE(parked_session_from_json(R"({"version":1,"id":5})"));
}

}  // namespace
}  // namespace tidewire
