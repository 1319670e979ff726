#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "load/dialect.h"
#include "load/frames.h"
#include "load/histogram.h"
#include "load/room.h"
#include "load/shared_inflater.h"
#include "load/stamp.h"
#include "load/streams_scenario.h"
#include "load/tidewire_dialect.h"

namespace tidewire::bench {
namespace {

std::string stamp_text(const Stamp& stamp) {
  const auto text = stamp.text();
  return {text.data(), text.size()};
}

std::string unmasked(std::string_view frame) {
  const std::size_t header = (static_cast<unsigned char>(frame[1]) & 127) < 126 ? 2 : 4;
  std::string payload(frame.substr(header + 4));
  for (std::size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ frame[header + i % 4]);
  return payload;
}

TEST(Histogram, IsOffByAtMostOneBucketOverTheWholeRange) {
  for (std::int64_t value = 1; value < 4'000'000'000; value = value * 5 / 4 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(value * 100);  // so that max() does not hide the bucket's bound
    const auto median = static_cast<double>(histogram.quantile(0.5));
    EXPECT_GE(median, static_cast<double>(value));
    EXPECT_LE(median, static_cast<double>(value) * 1.016);
  }
}

TEST(Histogram, RanksWhatItRecorded) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.99), 0);
  for (int i = 1; i <= 50; ++i) histogram.record(i);
  EXPECT_EQ(histogram.quantile(0.5), 25);
  EXPECT_EQ(histogram.quantile(1.0), 50);
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
}

TEST(Stamp, SurvivesTheMessageAroundIt) {
  const Stamp stamp{.room = 0xabc, .sequence = 123456789, .due_us = 1'234'567'890'123};
  const std::string batch =
      "[{\"c\":\"" + stamp_text(stamp) + "\"},{\"c\":\"" + stamp_text({.room = 7}) + "\"}]";
  std::string_view rest = batch;
  const auto first = next_stamp(rest);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->room, stamp.room);
  EXPECT_EQ(first->sequence, stamp.sequence);
  EXPECT_EQ(first->due_us, stamp.due_us);
  EXPECT_EQ(next_stamp(rest)->room, 7U);
  EXPECT_FALSE(next_stamp(rest));
}

TEST(Frames, AreCutAtEverySplit) {
  std::string bytes;
  for (const std::size_t size : {0U, 5U, 125U, 126U, 300U, 70'000U}) {
    std::string frame = client_frame(FrameKind::text, std::string(size, 'a'));
    // What a server sends: the same header without the mask bit and the key.
    const std::size_t header = size < 126 ? 2 : size <= 0xffff ? 4 : 10;
    frame[1] = static_cast<char>(frame[1] & 127);
    bytes += frame.substr(0, header) + std::string(size, 'a');
  }
  for (std::size_t split = 0; split < bytes.size(); split += split < 700 ? 1 : 997) {
    std::vector<std::size_t> sizes;
    const FrameSink sink = [&](FrameKind, std::string_view p) { sizes.push_back(p.size()); };
    const std::size_t used = cut_frames(std::string_view(bytes).substr(0, split), sink);
    EXPECT_EQ(used + cut_frames(std::string_view(bytes).substr(used), sink), bytes.size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 5, 125, 126, 300, 70'000}));
  }
}

TEST(Frames, RefuseAMaskedServer) {
  EXPECT_EQ(cut_frames(client_frame(FrameKind::text, "x"), [](auto, auto) {}),
            std::string_view::npos);
}

TEST(Frames, TakeANewStampAlthoughTheyAreMasked) {
  for (const char* name : {"raw", "tidewire", "centrifugo"}) {
    const auto dialect = make_dialect(name, "token", "bench");
    StampedFrame frame(dialect->publish(5, stamp_text({}) + "xxx"));
    frame.write_stamp(stamp_text({.room = 5, .sequence = 9, .due_us = 42}));
    EXPECT_EQ(unmasked(frame.bytes()),
              dialect->publish(5, stamp_text({.room = 5, .sequence = 9, .due_us = 42}) + "xxx"));
  }
}

TEST(SharedInflater, KnowsAMessageThatItHasInflated) {
  // RFC 7692 section 7.2.3.1: "Hello" in a block with fixed codes.
  const std::string hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  SharedInflater inflater;
  EXPECT_FALSE(inflater.used());
  EXPECT_EQ(inflater.inflate(hello), "Hello");
  EXPECT_EQ(inflater.inflate(hello), "Hello");
  EXPECT_TRUE(inflater.used());
  EXPECT_FALSE(inflater.inflate("\xff\xff\xff"));
}

TEST(Filler, IsTheSameInEveryRunAndNeedsNoEscaping) {
  EXPECT_EQ(filler(1000), filler(1000));
  EXPECT_EQ(filler(7).size(), 7U);
  EXPECT_EQ(filler(1000).find_first_of("\"\\~"), std::string::npos);
}

TEST(TidewireAcks, CarriesTheStampAsItsIdAndReadsTheOffset) {
  const TidewireAcks dialect("token", "bench");
  const std::string stamp = stamp_text({.room = 5});
  EXPECT_NE(dialect.publish(5, stamp + "xyz").find("\"id\":\"" + stamp + "\""), std::string::npos);
  EXPECT_EQ(dialect.offset(R"({"type":"ack","payload":{"offset":12,"epoch":"k3Zp"}})"), 12U);
  EXPECT_EQ(dialect.offset(R"({"type":"error","id":"1","payload":{"code":1500}})"), 0U);
  EXPECT_EQ(text_of(R"({"payload":{"offset":12,"epoch":"k3Zp"}})", "epoch"), "k3Zp");
  EXPECT_EQ(text_of("{}", "epoch"), "");
}

TEST(Streams, SayWhichPieceOfWhichMessage) {
  Options options;
  options.rooms = 2;
  options.rollup_ms = 40;
  const StreamsDialect dialect(options);
  EXPECT_NE(dialect.join(1).find(R"("payload":{"rollup":40})"), std::string::npos);
  EXPECT_EQ(dialect.join(2), "");
  EXPECT_NE(dialect.piece(1, "m1", 3, true, "x").find(R"("isComplete":true,"index":3)"),
            std::string::npos);
}

TEST(Dialect, IsKnownByName) {
  EXPECT_EQ(make_dialect("esperanto", "", ""), nullptr);
  EXPECT_EQ(make_dialect("tidewire-echo", "", "")->target(3), "/debug/echo");
}

TEST(Room, CountsAMessageAsArrivedWhenTheLastMemberHasIt) {
  Room room(2);
  EXPECT_EQ(room.publish(), 0U);
  EXPECT_EQ(room.publish(), 1U);
  EXPECT_FALSE(room.received(0));
  EXPECT_FALSE(room.received(1));
  EXPECT_TRUE(room.received(1));
  EXPECT_TRUE(room.received(0));
  EXPECT_EQ(room.under_way(), 0U);
  EXPECT_EQ(room.publish(), 2U);
}

TEST(Room, CountsWhatNobodyPublishedAndWhatEverybodyHas) {
  Room room(1);
  EXPECT_EQ(room.publish(), 0U);
  EXPECT_FALSE(room.received(7));
  EXPECT_TRUE(room.received(0));
  EXPECT_FALSE(room.received(0));
  EXPECT_EQ(room.foreign(), 2U);
}

}  // namespace
}  // namespace tidewire::bench
