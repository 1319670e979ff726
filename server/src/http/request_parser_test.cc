#include "http/request_parser.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidewire::http::request_parser_test {
namespace {

using ::testing::ElementsAre;

std::string_view text(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

std::string get(std::string_view target, std::string_view headers = "") {
  return std::string("GET ")
      .append(target)
      .append(" HTTP/1.1\r\nHost: a.example:8080\r\n")
      .append(headers)
      .append("\r\n");
}

/// The decoded path of a GET for `target`, or "refused".
std::string path_of(std::string_view target) {
  RequestParser parser;
  if (parser.feed(get(target)) != ParseStatus::complete) return "refused";
  return parser.request().path;
}

TEST(RequestParser, ReadsMethodTargetHeadersAndKeepAlive) {
  RequestParser parser;
  ASSERT_EQ(parser.feed(get("/a%20b?x=1&y=%41", "Accept:  text/html \r\nX-Two: 1\r\nx-two: 2\r\n")),
            ParseStatus::complete);
  const Request& request = parser.request();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/a%20b?x=1&y=%41");
  EXPECT_EQ(request.path, "/a b");
  EXPECT_EQ(request.query, "x=1&y=%41");
  EXPECT_EQ(request.version, 11);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_FALSE(request.upgrade);
  EXPECT_EQ(request.header("host"), "a.example:8080");
  EXPECT_EQ(request.header("ACCEPT"), "text/html");
  EXPECT_EQ(request.header("Missing"), std::nullopt);
  EXPECT_EQ(request.count("X-Two"), 2U);
  EXPECT_EQ(request.joined("X-Two"), "1, 2");
  EXPECT_EQ(request.body, "");
}

TEST(RequestParser, ResolvesDotSegmentsAfterDecoding) {
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of("/a/b/"), "/a/b/");
  EXPECT_EQ(path_of("/a/./b"), "/a/b");
  EXPECT_EQ(path_of("/a/../b"), "/b");
  EXPECT_EQ(path_of("/a/%2e%2E/b"), "/b");
  EXPECT_EQ(path_of("/a/b/.."), "/a/");
  EXPECT_EQ(path_of("/a/.."), "/");
  EXPECT_EQ(path_of("/a/."), "/a/");
  EXPECT_EQ(path_of("//a"), "//a");
  EXPECT_EQ(path_of("/..."), "/...");
  EXPECT_EQ(path_of("/%E2%82%AC"), "/\xE2\x82\xAC");
  EXPECT_EQ(path_of("/a/../.."), "refused");
}

TEST(RequestParser, TakesAbsoluteFormAndAsterisk) {
  EXPECT_EQ(path_of("http://a.example/x?y"), "/x");
  EXPECT_EQ(path_of("WS://a.example:80/x"), "/x");
  EXPECT_EQ(path_of("https://[::1]:443"), "/");
  RequestParser parser;
  ASSERT_EQ(parser.feed(std::string_view("OPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n")),
            ParseStatus::complete);
  EXPECT_EQ(parser.request().path, "*");
}

TEST(RequestParser, IgnoresOneEmptyLineBeforeTheRequest) {
  RequestParser parser;
  EXPECT_EQ(parser.feed("\r\n" + get("/")), ParseStatus::complete);
}

TEST(RequestParser, AcceptsExactlyTheLimits) {
  RequestParser uri;
  EXPECT_EQ(uri.feed(get("/" + std::string(2047, 'a'))), ParseStatus::complete);

  std::string headers;
  for (int i = 0; i < 63; ++i) headers += "X: 1\r\n";
  RequestParser count;
  ASSERT_EQ(count.feed(get("/", headers)), ParseStatus::complete);
  EXPECT_EQ(count.request().headers.size(), 64U);

  const std::size_t rest = get("/", "X: \r\n").size();
  RequestParser block;
  EXPECT_EQ(block.feed(get("/", "X: " + std::string(8192 - rest, 'a') + "\r\n")),
            ParseStatus::complete);
  RequestParser past;
  ASSERT_EQ(past.feed(get("/", "X: " + std::string(8193 - rest, 'a') + "\r\n")),
            ParseStatus::error);
  EXPECT_EQ(past.error().status, 431);

  RequestParser body({.body_bytes_max = 5});
  EXPECT_EQ(body.feed(get("/", "Content-Length: 5\r\n") + "hello"), ParseStatus::complete);
}

TEST(RequestParser, ReadsABodyByLength) {
  RequestParser parser;
  ASSERT_EQ(parser.feed(get("/", "Content-Length: 5\r\n") + "hel"), ParseStatus::need_more);
  const std::string more = "loGET / HTTP/1.1\r\n";
  ASSERT_EQ(parser.feed(more), ParseStatus::complete);
  EXPECT_EQ(parser.request().body, "hello");
  EXPECT_EQ(parser.consumed(), 2U);
  EXPECT_EQ(text(parser.rest()), "GET / HTTP/1.1\r\n");
}

TEST(RequestParser, JoinsChunksAtEverySplit) {
  const std::string bytes = get("/", "Transfer-Encoding: Chunked\r\n") +
                            "5\r\nhello\r\n00A;x=\"y\"\r\n, chunked!\r\n0\r\n\r\n";
  const std::string next = "next";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestParser parser;
    const std::string tail = bytes.substr(cut) + next;
    const ParseStatus first = parser.feed({bytes.data(), cut});
    if (cut < bytes.size()) {
      ASSERT_EQ(first, ParseStatus::need_more) << cut;
      ASSERT_EQ(parser.feed(tail), ParseStatus::complete) << cut;
      EXPECT_EQ(text(parser.rest()), next) << cut;
    }
    EXPECT_EQ(parser.request().body, "hello, chunked!") << cut;
  }
}

/// Beast asserts that the end of a body does not come to it but for its last byte.
TEST(RequestParser, TakesChunksInThreePiecesWhereverTheyAreCut) {
  const std::string head =
      "POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& body : {std::string("0\r\n\r\n"), std::string("00;a=b\r\n\r\n"),
                                  std::string("2\r\nhi\r\n0\r\n\r\n")}) {
    for (std::size_t first = 0; first < body.size(); ++first) {
      for (std::size_t second = first; second < body.size(); ++second) {
        RequestParser parser;
        ASSERT_EQ(parser.feed(head + body.substr(0, first)), ParseStatus::need_more);
        ASSERT_EQ(parser.feed(body.substr(first, second - first)), ParseStatus::need_more);
        ASSERT_EQ(parser.feed(body.substr(second)), ParseStatus::complete)
            << body << first << '/' << second;
        EXPECT_EQ(parser.request().body, body.starts_with('2') ? "hi" : "");
      }
    }
  }
}

TEST(RequestParser, LeavesFramesAfterAnUpgradeInRest) {
  const std::string request =
      get("/ws", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n");
  const std::string frames("\x81\x85\0\0\0\0hello\x80\xFF", 13);
  const std::string bytes = request + frames;
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    RequestParser parser;
    ASSERT_EQ(parser.feed({bytes.data(), cut}), ParseStatus::need_more);
    ASSERT_EQ(parser.feed({bytes.data() + cut, bytes.size() - cut}), ParseStatus::complete);
    EXPECT_TRUE(parser.request().upgrade);
    EXPECT_EQ(text(parser.rest()), frames);
  }
}

TEST(RequestParser, ReadsPipelinedRequestsOneByOne) {
  const std::string bytes = get("/1") + get("/2") + get("/3", "Connection: close\r\n");
  std::span<const char> rest(bytes);
  std::vector<std::string> paths;
  RequestParser parser;
  while (!rest.empty()) {
    ASSERT_EQ(parser.feed(rest), ParseStatus::complete);
    paths.push_back(parser.request().path);
    rest = parser.rest();
    EXPECT_EQ(parser.request().keep_alive, !rest.empty());
    parser.reset();
    EXPECT_FALSE(parser.started());
  }
  EXPECT_THAT(paths, ElementsAre("/1", "/2", "/3"));
}

TEST(RequestParser, AsksOnceForTheBodyOfAnExpectation) {
  RequestParser parser;
  EXPECT_FALSE(parser.take_expects_continue());
  ASSERT_EQ(parser.feed(get("/", "Expect: 100-Continue\r\nContent-Length: 2\r\n")),
            ParseStatus::need_more);
  EXPECT_TRUE(parser.take_expects_continue());
  EXPECT_FALSE(parser.take_expects_continue());
  EXPECT_EQ(parser.feed(std::string_view("ok")), ParseStatus::complete);
}

TEST(RequestParser, StaysRefusedAfterAnError) {
  RequestParser parser;
  ASSERT_EQ(parser.feed(std::string_view("\n")), ParseStatus::error);
  EXPECT_EQ(parser.feed(get("/")), ParseStatus::error);
  EXPECT_EQ(parser.consumed(), 0U);
  parser.reset();
  EXPECT_EQ(parser.feed(get("/")), ParseStatus::complete);
}

TEST(RequestParser, StartsAtTheFirstByte) {
  RequestParser parser;
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.feed({}), ParseStatus::need_more);
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.feed(std::string_view("G")), ParseStatus::need_more);
  EXPECT_TRUE(parser.started());
}

TEST(RequestParser, KeepsUtf8InHeaderValues) {
  RequestParser parser;
  ASSERT_EQ(parser.feed(get("/", "X: caf\xC3\xA9\t\xF0\x9F\x8C\x8A\r\n")), ParseStatus::complete);
  EXPECT_EQ(parser.request().header("X"), "caf\xC3\xA9\t\xF0\x9F\x8C\x8A");
}

/// What a streamed request says, with the bytes cut at `cut`.
std::string stream(const std::string& bytes, std::size_t cut) {
  RequestParser parser({.body_bytes_max = 4});
  parser.stream_bodies_of([](std::string_view method, std::string_view path) {
    return method == "POST" && path == "/s";
  });
  std::string seen;
  std::string_view parts[] = {std::string_view(bytes).substr(0, cut),
                              std::string_view(bytes).substr(cut)};
  for (std::string_view part : parts) {
    while (!part.empty() && parser.status() != ParseStatus::complete &&
           parser.status() != ParseStatus::error) {
      const ParseStatus status = parser.feed(part);
      if (status == ParseStatus::head)
        seen += "head " + std::string(*parser.request().header("Content-Type")) + ":";
      seen += parser.body_piece();
      if (status == ParseStatus::error) return seen + "!" + std::to_string(parser.error().status);
      part = {parser.rest().data(), parser.rest().size()};
      if (status == ParseStatus::complete) return seen + "|" + std::string(part);
    }
  }
  return seen;
}

TEST(RequestParser, GivesAStreamedBodyAsItComesWhereverItIsCut) {
  const std::string head = "POST /s HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\n";
  const std::string chunked =
      head + "Transfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n7\r\n, world\r\n0\r\n\r\n";
  const std::string length = head + "Content-Length: 12\r\n\r\nHello, worldGET";
  for (std::size_t cut = 1; cut < chunked.size(); ++cut)
    EXPECT_EQ(stream(chunked, cut), "head x:Hello, world|") << cut;
  for (std::size_t cut = 1; cut < length.size() - 3; ++cut) {
    // What follows the request is the caller's.
    EXPECT_TRUE(stream(length, cut).starts_with("head x:Hello, world|")) << cut;
  }
}

TEST(RequestParser, StreamsNoOtherBodies) {
  const std::string head = " HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(stream("POST /t" + head + "12345", 4), "!413");
  EXPECT_EQ(stream("PUT /s" + head + "12345", 4), "!413");
}

TEST(RequestParser, RefusesABadStreamedBody) {
  const std::string head =
      "POST /s HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(stream(head + "2\r\nab\r\nx\r\n", 10), "head x:ab!400");
}

TEST(RequestParser, AStreamedRequestIsFollowedByOthers) {
  RequestParser parser;
  parser.stream_bodies_of(
      [](std::string_view /*method*/, std::string_view path) { return path == "/s"; });
  const std::string request = "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(parser.feed(request), ParseStatus::head);
    ASSERT_EQ(parser.feed(std::string_view("x")), ParseStatus::complete);
    EXPECT_EQ(parser.body_piece(), "x");
    EXPECT_TRUE(parser.request().keep_alive);
    parser.reset();
  }
}

TEST(RequestParser, AStreamedRequestWithoutABodyIsWhole) {
  RequestParser parser;
  parser.stream_bodies_of(
      [](std::string_view /*method*/, std::string_view /*path*/) { return true; });
  ASSERT_EQ(parser.feed(get("/")), ParseStatus::complete);
  EXPECT_EQ(parser.request().path, "/");
}

}  // namespace
}  // namespace tidewire::http::request_parser_test
