#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ws/client_frames.h"
#include "ws/endpoint.h"
#include "ws/event_log.h"

namespace tidewire::ws {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kLimit = EndpointOptions{}.message_bytes_max;

std::string begin(std::size_t size) {
  return client_frame(Opcode::binary, std::string(size, 'x'), {.fin = false});
}
std::string more(std::size_t size, bool fin = false) {
  return client_frame(Opcode::continuation, std::string(size, 'x'), {.fin = fin});
}

struct EndpointLimits : testing::Test {
  EventLog log;

  void run(const EndpointOptions& options, const std::string& bytes) {
    Endpoint endpoint(options);
    feed(endpoint, bytes, log);
  }
};

TEST_F(EndpointLimits, AFrameOfTheLimitArrivesAndOneByteMoreIsRefusedOnItsHeader) {
  const EndpointOptions options{.message_bytes_max = 500, .frame_bytes_max = 200};
  run(options, client_frame(Opcode::binary, std::string(200, 'x')));
  EXPECT_THAT(log.events(), ElementsAre("binary " + std::string(200, 'x')));
  EventLog refused;
  Endpoint endpoint(options);
  feed(endpoint, client_header(2, 201), refused);
  EXPECT_THAT(refused.events(),
              ElementsAre("send close 1009 frame is too big", "failed 1009 frame is too big"));
}

TEST_F(EndpointLimits, FragmentsAreChargedTheirBytesAndTheirOverhead) {
  const EndpointOptions options{.message_bytes_max = 500, .frame_bytes_max = 500};
  const std::size_t room = 500 - 2 * kFragmentOverhead;
  run(options, begin(200) + more(200) + more(room - 400, true));
  EXPECT_THAT(log.events(), ElementsAre("binary " + std::string(room, 'x')));
  EventLog refused;
  Endpoint endpoint(options);
  feed(endpoint, begin(200) + more(200), refused);
  EXPECT_THAT(refused.events(), IsEmpty());
  feed(endpoint, client_header(0, room - 400 + 1), refused);
  EXPECT_THAT(refused.events(),
              ElementsAre("send close 1009 message is too big", "failed 1009 message is too big"));
  EXPECT_EQ(endpoint.buffered_bytes(), 0U);
}

TEST_F(EndpointLimits, EmptyFragmentsReachTheLimitByTheirOverhead) {
  std::string bytes = begin(0);
  for (int i = 0; i < 40; ++i) bytes += more(0);
  run({.message_bytes_max = 500, .frame_bytes_max = 500}, bytes);
  EXPECT_THAT(log.events(),
              ElementsAre("send close 1009 message is too big", "failed 1009 message is too big"));
}

TEST_F(EndpointLimits, TheNumberOfFragmentsIsLimited) {
  const EndpointOptions options{.fragments_max = 3};
  run(options, begin(1) + more(1) + more(1, true) + begin(1) + more(1) + more(1));
  EXPECT_THAT(log.events(), ElementsAre("binary xxx"));
  EventLog refused;
  Endpoint endpoint(options);
  feed(endpoint, begin(1) + more(1) + more(1) + more(1, true), refused);
  EXPECT_THAT(refused.events(), ElementsAre("send close 1009 message has too many fragments",
                                            "failed 1009 message has too many fragments"));
}

TEST_F(EndpointLimits, AMillionTinyFragmentsPinNoMoreThanTwiceTheLimit) {
  Endpoint endpoint({.fragments_max = 1'000'000});
  std::size_t most = 0;
  feed(endpoint, begin(1), log);
  for (int i = 0; i < 1'000'000 && !endpoint.stopped(); ++i) {
    feed(endpoint, more(1), log);
    most = std::max(most, endpoint.buffered_bytes());
  }
  EXPECT_TRUE(endpoint.stopped());
  EXPECT_LE(most, 2 * kLimit);
}

TEST_F(EndpointLimits, AnAnnouncedLengthAllocatesNothing) {
  Endpoint endpoint(EndpointOptions{});
  feed(endpoint, client_header(2, kLimit), log);
  EXPECT_EQ(endpoint.buffered_bytes(), 0U);
  feed(endpoint, "x", log);
  EXPECT_LE(endpoint.buffered_bytes(), 1024U) << "memory follows the bytes that came";
  EXPECT_THAT(log.events(), IsEmpty());
}

TEST_F(EndpointLimits, ControlFramesCountForNothing) {
  std::string bytes = begin(1);
  for (int i = 0; i < 100; ++i) bytes += client_frame(Opcode::pong, std::string(125, 'p'));
  run({.message_bytes_max = 100, .frame_bytes_max = 100, .fragments_max = 2},
      bytes + more(1, true));
  EXPECT_EQ(log.events().back(), "binary xx");
}

}  // namespace
}  // namespace tidewire::ws
