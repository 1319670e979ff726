#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ws/client_frames.h"
#include "ws/deflate_scratch.h"
#include "ws/endpoint.h"
#include "ws/event_log.h"

namespace tidewire::ws {
namespace {

using testing::ElementsAre;

const DeflateParams kShared{.server_no_context_takeover = true, .client_no_context_takeover = true};
const DeflateParams kTakeover{};

/// A client's compressor and what it sends.
struct Client {
  Deflater deflater{15, 6, 8};

  std::string pack(std::string_view message, bool forget) {
    if (forget) deflater.reset();
    std::string payload;
    deflater.deflate(message, payload);
    return payload;
  }
  static std::string frame(Opcode opcode, std::string_view payload) {
    return client_frame(opcode, payload, {.reserved_bits = 4});
  }
};

struct EndpointDeflate : testing::Test {
  DeflateScratch scratch{DeflateConfig{.threshold_bytes = 64}};
  EventLog log;
  Client client;

  EndpointOptions options(const DeflateParams& params) {
    return {.message_bytes_max = 5000, .frame_bytes_max = 5000, .deflate = params};
  }
};

TEST_F(EndpointDeflate, MessagesInflateWithAndWithoutContextTakeover) {
  for (const DeflateParams& params : {kShared, kTakeover}) {
    Endpoint endpoint(options(params), &scratch);
    Client sender;
    EventLog events;
    for (int i = 0; i < 3; ++i)
      feed(endpoint,
           Client::frame(Opcode::text,
                         sender.pack("the same text", params.client_no_context_takeover)),
           events);
    feed(endpoint, client_frame(Opcode::text, "plain"), events);
    EXPECT_THAT(events.events(), ElementsAre("text the same text", "text the same text",
                                             "text the same text", "text plain"));
  }
}

TEST_F(EndpointDeflate, ConnectionsWithoutTakeoverDoNotSeeEachOthersWindow) {
  Endpoint first(options(kShared), &scratch);
  Endpoint second(options(kShared), &scratch);
  feed(first, Client::frame(Opcode::text, client.pack("secret secret", false)), log);
  feed(second, Client::frame(Opcode::text, client.pack("secret secret", false)), log);
  EXPECT_EQ(log.events().back(), "failed 1007 compressed data is invalid");
}

TEST_F(EndpointDeflate, FragmentsAreInflatedTogether) {
  Endpoint endpoint(options(kShared), &scratch);
  const std::string payload = client.pack("fragmented and compressed", true);
  feed(endpoint,
       client_frame(Opcode::text, payload.substr(0, 4), {.fin = false, .reserved_bits = 4}) +
           client_frame(Opcode::ping, "p") +
           client_frame(Opcode::continuation, payload.substr(4), {.fin = false}) +
           client_frame(Opcode::continuation, ""),
       log);
  EXPECT_THAT(log.events(), ElementsAre("send pong p", "text fragmented and compressed"));
}

TEST_F(EndpointDeflate, Rsv1IsForTheFirstFrameOfAMessageOnly) {
  for (const std::string& frame :
       {client_frame(Opcode::ping, "", {.reserved_bits = 4}),
        client_frame(Opcode::close, "", {.reserved_bits = 4}),
        client_frame(Opcode::text, "a", {.fin = false}) +
            client_frame(Opcode::continuation, "b", {.reserved_bits = 4})}) {
    Endpoint endpoint(options(kShared), &scratch);
    EventLog events;
    feed(endpoint, frame, events);
    EXPECT_EQ(events.events().back(), "failed 1002 RSV1 is only for the first frame of a message");
  }
}

TEST_F(EndpointDeflate, ABombIsRefusedAtTheMessageLimit) {
  Endpoint endpoint(options(kShared), &scratch);
  feed(endpoint, Client::frame(Opcode::binary, client.pack(std::string(5000, '\0'), true)), log);
  EXPECT_EQ(log.events().back(), "binary " + std::string(5000, '\0'));
  feed(endpoint, Client::frame(Opcode::binary, client.pack(std::string(5001, '\0'), true)), log);
  EXPECT_EQ(log.events().back(), "failed 1009 message is too big");
}

TEST_F(EndpointDeflate, AMessageOfTheLimitThatDoesNotCompressStillFits) {
  std::mt19937 random(3);
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise.push_back(static_cast<char>(random()));
  const std::string payload = client.pack(noise, true);
  ASSERT_GT(payload.size(), noise.size());
  Endpoint endpoint(options(kShared), &scratch);
  feed(endpoint, Client::frame(Opcode::binary, payload), log);
  EXPECT_THAT(log.events(), ElementsAre("binary " + noise));
}

TEST_F(EndpointDeflate, InflatedTextMustBeUtf8) {
  Endpoint endpoint(options(kShared), &scratch);
  feed(endpoint, Client::frame(Opcode::binary, client.pack("\xFF", true)), log);
  feed(endpoint, Client::frame(Opcode::text, client.pack("\xFF", true)), log);
  EXPECT_THAT(log.events(), ElementsAre("binary \xFF", "send close 1007 text is not UTF-8",
                                        "failed 1007 text is not UTF-8"));
}

TEST_F(EndpointDeflate, InvalidDataFailsWith1007) {
  Endpoint endpoint(options(kTakeover), &scratch);
  feed(endpoint, Client::frame(Opcode::text, "\xFF\xFF"), log);
  EXPECT_EQ(log.events().back(), "failed 1007 compressed data is invalid");
}

TEST_F(EndpointDeflate, OutgoingFramesInflateAgainInBothModes) {
  for (const DeflateParams& params : {kShared, kTakeover}) {
    Endpoint endpoint(options(params), &scratch);
    Inflater receiver(15);
    for (int i = 0; i < 3; ++i) {
      const std::string message = "abc abc abc abc " + std::string(100, 'x') + std::to_string(i);
      const SharedFrame frame = endpoint.outgoing(SharedFrame::make(Opcode::text, message));
      ASSERT_TRUE(frame.rsv1());
      if (params.server_no_context_takeover) receiver.reset();
      std::string out;
      ASSERT_EQ(receiver.inflate(frame.payload(), 10'000, out), InflateStatus::ok);
      EXPECT_EQ(out, message);
    }
  }
}

TEST_F(EndpointDeflate, WhatDoesNotPayOffLeavesAsItIs) {
  Endpoint plain{EndpointOptions{}};
  Endpoint endpoint(options(kShared), &scratch);
  const SharedFrame small = SharedFrame::make(Opcode::text, std::string(63, 'x'));
  const SharedFrame large = SharedFrame::make(Opcode::text, std::string(64, 'x'));
  const SharedFrame ping = SharedFrame::make(Opcode::ping, std::string(100, 'x'));
  const SharedFrame done = SharedFrame::make(Opcode::text, std::string(100, 'x'), true);
  std::string digits;
  std::mt19937 random(5);
  for (int i = 0; i < 100; ++i) digits.push_back(static_cast<char>(random()));
  const SharedFrame noise = SharedFrame::make(Opcode::binary, digits);
  for (const SharedFrame& frame : {small, ping, done, noise, noise})
    EXPECT_TRUE(endpoint.outgoing(frame).same_as(frame));
  EXPECT_TRUE(plain.outgoing(large).same_as(large)) << "nothing was agreed";
  EXPECT_TRUE(endpoint.outgoing(large).rsv1());
}

TEST_F(EndpointDeflate, OneFrameIsCompressedOnceForAllConnectionsAndShards) {
  DeflateScratch other_shard{DeflateConfig{.threshold_bytes = 64}};
  const SharedFrame frame = SharedFrame::make(Opcode::text, std::string(1000, 'x'));
  const SharedFrame first = compressed(frame, kShared, scratch);
  EXPECT_TRUE(first.same_as(compressed(frame, kShared, scratch)));
  EXPECT_TRUE(first.same_as(compressed(frame, kShared, other_shard)));
  EXPECT_LT(first.size(), 50U);
}

TEST_F(EndpointDeflate, ASmallerWindowIsObeyed) {
  std::string pattern;  // repeats at a distance of 1000, which a window of 9 bits cannot reach
  std::mt19937 random(9);
  for (int i = 0; i < 1000; ++i) pattern.push_back(static_cast<char>(random()));
  const SharedFrame frame = SharedFrame::make(Opcode::binary, pattern + pattern + pattern);
  DeflateParams narrow = kShared;
  narrow.server_max_window_bits = 9;
  EXPECT_LT(compressed(frame, kShared, scratch).size(), 2000U);
  EXPECT_GT(compressed(frame, narrow, scratch).size(), 2900U);
}

}  // namespace
}  // namespace tidewire::ws
