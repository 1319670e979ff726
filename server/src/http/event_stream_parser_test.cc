#include "http/event_stream_parser.h"

#include <vector>

#include <gtest/gtest.h>

namespace tidewire::http {
namespace {

std::string escaped(const ServerSentEvent& event) { return event.event + "|" + event.data + "\n"; }

std::string parse(std::string_view first, std::string_view second = {}) {
  std::string seen;
  EventStreamParser parser(1'000, [&](const ServerSentEvent& event) { seen += escaped(event); });
  EXPECT_TRUE(parser.feed(first));
  EXPECT_TRUE(parser.feed(second));
  parser.end();
  return seen;
}

TEST(EventStreamParser, ReadsEventsWithEveryLineEnd) {
  EXPECT_EQ(parse("data: a\n\ndata: b\r\n\r\ndata: c\r\r"), "|a\n|b\n|c\n");
}

TEST(EventStreamParser, JoinsDataLinesAndTakesOneSpaceAway) {
  EXPECT_EQ(parse("data:a\ndata:  b\ndata\n\n"), "|a\n b\n\n");
}

TEST(EventStreamParser, KnowsNamesAndSkipsTheRest) {
  EXPECT_EQ(parse(": comment\nevent: x\nid: 7\nretry: 1\nother\ndata: {}\n\ndata: y\n\n"),
            "x|{}\n|y\n");
}

TEST(EventStreamParser, DropsEventsWithoutDataAndAByteOrderMark) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "data: a\n\nevent: x\n\n\n\ndata: b\n\n"),
            "|a\n|b\n");
}

TEST(EventStreamParser, TakesALastEventThatNothingFollows) {
  EXPECT_EQ(parse("data: a\n\ndata: [DONE]"), "|a\n|[DONE]\n");
  EXPECT_EQ(parse("data: a"), "|a\n");
}

TEST(EventStreamParser, ReadsTheSameWhereverTheBytesAreCut) {
  const std::string body =
      "\xEF\xBB\xBF"
      "event: n\r\ndata: {\"a\":\"\xF0\x9F\x98\x80\"}\r\n\r\n: ping\r\rdata: x\rdata: y\n\n\r\n"
      "data: [DONE]\n\n";
  const std::string whole = parse(body);
  EXPECT_EQ(whole, "n|{\"a\":\"\xF0\x9F\x98\x80\"}\n|x\ny\n|[DONE]\n");
  for (std::size_t cut = 0; cut <= body.size(); ++cut)
    EXPECT_EQ(parse(body.substr(0, cut), body.substr(cut)), whole) << cut;
}

TEST(EventStreamParser, HoldsItsLimit) {
  std::size_t events = 0;
  EventStreamParser parser(8, [&](const ServerSentEvent& /*event*/) { ++events; });
  EXPECT_TRUE(parser.feed("data:123\n\n"));
  EXPECT_TRUE(parser.feed("data:123\n\n")) << "the limit is one event's";
  EXPECT_FALSE(parser.feed("data:1234\n\n"));
  EXPECT_FALSE(parser.feed("data:1\n\n")) << "there is no way back";
  EXPECT_EQ(events, 2U);
}

TEST(EventStreamParser, CountsAllLinesOfAnEvent) {
  EventStreamParser parser(12, [](const ServerSentEvent& /*event*/) {});
  EXPECT_TRUE(parser.feed("data:1234\n"));
  EXPECT_FALSE(parser.feed("data:1234\n"));
}

}  // namespace
}  // namespace tidewire::http
