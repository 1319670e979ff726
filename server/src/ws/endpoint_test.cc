#include "ws/endpoint.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ws/client_frames.h"
#include "ws/event_log.h"

namespace tidewire::ws::endpoint_test {
namespace {

using testing::ElementsAre;

struct EndpointTest : testing::Test {
  Endpoint endpoint{EndpointOptions{}};
  EventLog log;

  void receive(const std::string& bytes) { feed(endpoint, bytes, log); }
};

std::string part(Opcode opcode, std::string_view payload, bool fin = false) {
  return client_frame(opcode, payload, {.fin = fin});
}

TEST_F(EndpointTest, AMessageInOneFrameIsReportedInPlaceWithoutACopy) {
  struct : EventLog {
    const char* seen = nullptr;
    void on_message(Opcode, std::string_view payload) override { seen = payload.data(); }
  } events;
  std::string buffer = client_frame(Opcode::text, "hello");
  const std::size_t size = buffer.size();
  buffer.append(kReadablePadding, '\0');
  endpoint.receive({buffer.data(), size}, events);
  EXPECT_EQ(events.seen, buffer.data() + 6);
  EXPECT_EQ(endpoint.buffered_bytes(), 0U);
}

TEST_F(EndpointTest, LengthsAroundEveryEncodingArrive) {
  for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536}) {
    EventLog events;
    feed(endpoint, client_frame(Opcode::binary, std::string(size, 'x')), events);
    EXPECT_THAT(events.events(),
                ElementsAre(size == 0 ? "binary" : "binary " + std::string(size, 'x')));
  }
}

TEST_F(EndpointTest, ManyFramesInOneReadComeInOrder) {
  receive(client_frame(Opcode::text, "1") + client_frame(Opcode::ping, "p") +
          client_frame(Opcode::binary, "2") + client_frame(Opcode::pong, "q"));
  EXPECT_THAT(log.events(), ElementsAre("text 1", "send pong p", "binary 2", "pong q"));
}

TEST_F(EndpointTest, FragmentsAreJoinedAndEmptyOnesAllowed) {
  receive(part(Opcode::text, "a") + part(Opcode::continuation, "") +
          part(Opcode::continuation, "b") + part(Opcode::continuation, "", true) +
          part(Opcode::binary, "") + part(Opcode::continuation, "", true));
  EXPECT_THAT(log.events(), ElementsAre("text ab", "binary"));
  EXPECT_EQ(endpoint.buffered_bytes(), 0U) << "the buffer goes with the message";
}

TEST_F(EndpointTest, APingBetweenFragmentsIsAnsweredBeforeTheEnd) {
  receive(part(Opcode::text, "a") + client_frame(Opcode::ping, "now"));
  EXPECT_THAT(log.events(), ElementsAre("send pong now"));
  receive(part(Opcode::continuation, "b", true));
  EXPECT_THAT(log.events(), ElementsAre("send pong now", "text ab"));
}

TEST_F(EndpointTest, EveryPingOfAShortRunIsAnswered) {
  std::string pings;
  std::vector<std::string> pongs;
  for (int i = 0; i < 10; ++i) {
    pings += client_frame(Opcode::ping, std::to_string(i));
    pongs.push_back("send pong " + std::to_string(i));
  }
  receive(pings);
  EXPECT_EQ(log.events(), pongs);
}

TEST_F(EndpointTest, OfALongRunOfPingsTheFirstFewAndTheLastAreAnswered) {
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += client_frame(Opcode::ping, std::to_string(i));
  receive(pings + client_frame(Opcode::text, "after"));
  ASSERT_EQ(log.events().size(), 18U);
  EXPECT_EQ(log.events()[15], "send pong 15");
  EXPECT_EQ(log.events()[16], "send pong 999");
  EXPECT_EQ(log.events()[17], "text after");
}

TEST_F(EndpointTest, MasksOfZeroAndRepeatedMasksWork) {
  receive(client_frame(Opcode::text, "zero", {.mask = {0, 0, 0, 0}}) +
          client_frame(Opcode::text, "same") + client_frame(Opcode::text, "same"));
  EXPECT_THAT(log.events(), ElementsAre("text zero", "text same", "text same"));
}

TEST_F(EndpointTest, ACloseIsAnsweredWithItsCodeAndNothingAfterItIsLookedAt) {
  receive(client_close(1001, "bye") + client_frame(Opcode::text, "late") + "garbage");
  EXPECT_THAT(log.events(), ElementsAre("send close 1001", "closed 1001 bye"));
  receive(client_frame(Opcode::ping, "later"));
  EXPECT_EQ(log.events().size(), 2U);
  EXPECT_TRUE(endpoint.stopped());
  EXPECT_FALSE(endpoint.close_frame(1000, "")) << "a Close is sent once";
}

TEST_F(EndpointTest, AnEmptyCloseIsAnsweredWithAnEmptyOne) {
  receive(client_frame(Opcode::close, ""));
  EXPECT_THAT(log.events(), ElementsAre("send close", "closed 1005"));
}

TEST_F(EndpointTest, ACloseWithinAFragmentedMessageEndsTheConnection) {
  receive(part(Opcode::text, "half") + client_close(1000));
  EXPECT_THAT(log.events(), ElementsAre("send close 1000", "closed 1000"));
}

TEST_F(EndpointTest, ACloseReasonMayHave123Bytes) {
  const std::string reason(123, 'r');
  receive(client_close(1000, reason));
  EXPECT_THAT(log.events(), ElementsAre("send close 1000", "closed 1000 " + reason));
}

TEST_F(EndpointTest, EveryCloseCodeIsAcceptedOrRefusedByTheRegistry) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const bool valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                       (code >= 3000 && code <= 4999);
    Endpoint fresh{EndpointOptions{}};
    EventLog events;
    feed(fresh, client_close(static_cast<std::uint16_t>(code)), events);
    ASSERT_EQ(events.events().size(), 2U);
    const std::string text = std::to_string(code);
    if (valid) {
      ASSERT_THAT(events.events(), ElementsAre("send close " + text, "closed " + text));
    } else {
      ASSERT_EQ(events.events()[1], "failed 1002 close code is not allowed") << code;
    }
  }
}

TEST_F(EndpointTest, AfterOurCloseOnlyThePeersCloseCounts) {
  const SharedFrame close = endpoint.close_frame(4012, "restart");
  EXPECT_EQ(close.bytes(), "\x88\x09\x0F\xACrestart");
  EXPECT_FALSE(endpoint.close_frame(1000, "again"));
  receive(client_frame(Opcode::text, "late") + client_frame(Opcode::ping, "late") +
          part(Opcode::text, "la") + part(Opcode::continuation, "te", true) + client_close(4012));
  EXPECT_THAT(log.events(), ElementsAre("closed 4012")) << "and no second Close leaves";
}

TEST_F(EndpointTest, AFaultAfterOurCloseIsReportedWithoutASecondClose) {
  (void)endpoint.close_frame(1000, "");
  receive(client_header(3, 0));
  EXPECT_THAT(log.events(), ElementsAre("failed 1002 reserved opcode"));
}

TEST_F(EndpointTest, ACloseReasonIsCutAtACodePointAndForbiddenCodesNeverLeave) {
  const std::string reason = std::string(122, 'r') + "\xC3\xA4";
  EXPECT_EQ(endpoint.close_frame(1000, reason).payload(), "\x03\xE8" + std::string(122, 'r'));
  for (const std::uint16_t code : {0, 999, 1004, 1005, 1006, 1010, 1015, 1016, 2999, 5000}) {
    Endpoint fresh{EndpointOptions{}};
    EXPECT_EQ(fresh.close_frame(code, "").payload(), "\x03\xF3") << code;
  }
}

TEST_F(EndpointTest, AShutdownInACallbackStopsEverything) {
  struct Stopper : EventLog {
    Endpoint* endpoint = nullptr;
    void on_message(Opcode opcode, std::string_view payload) override {
      EventLog::on_message(opcode, payload);
      endpoint->shutdown();
    }
  } events;
  events.endpoint = &endpoint;
  feed(endpoint, client_frame(Opcode::text, "1") + client_frame(Opcode::text, "2"), events);
  feed(endpoint, client_frame(Opcode::text, "3"), events);
  EXPECT_THAT(events.events(), ElementsAre("text 1"));
}

TEST_F(EndpointTest, ACloseStartedInACallbackSilencesTheRestOfTheRead) {
  struct Closer : EventLog {
    Endpoint* endpoint = nullptr;
    void on_message(Opcode opcode, std::string_view payload) override {
      EventLog::on_message(opcode, payload);
      (void)endpoint->close_frame(4400, "bad request");
    }
  } events;
  events.endpoint = &endpoint;
  feed(endpoint,
       client_frame(Opcode::text, "1") + client_frame(Opcode::text, "2") +
           client_frame(Opcode::ping, "3") + client_close(1000),
       events);
  EXPECT_THAT(events.events(), ElementsAre("text 1", "closed 1000"));
}

TEST_F(EndpointTest, IdleMeansBetweenMessages) {
  EXPECT_TRUE(endpoint.idle());
  receive(client_frame(Opcode::text, "abc").substr(0, 1));
  EXPECT_FALSE(endpoint.idle());
  receive(client_frame(Opcode::text, "abc").substr(1, 6));
  EXPECT_FALSE(endpoint.idle());
  receive(client_frame(Opcode::text, "abc").substr(7));
  EXPECT_TRUE(endpoint.idle());
  receive(part(Opcode::text, "a"));
  EXPECT_FALSE(endpoint.idle());
  receive(part(Opcode::continuation, "b", true));
  EXPECT_TRUE(endpoint.idle());
  receive("");
  EXPECT_THAT(log.events(), ElementsAre("text abc", "text ab"));
}

TEST_F(EndpointTest, UnsolicitedPongsChangeNothing) {
  receive(client_frame(Opcode::pong, "") + client_frame(Opcode::pong, "x"));
  EXPECT_THAT(log.events(), ElementsAre("pong", "pong x"));
  EXPECT_FALSE(endpoint.stopped());
}

}  // namespace
}  // namespace tidewire::ws::endpoint_test
