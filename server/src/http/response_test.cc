#include "http/response.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace tidewire::http {
namespace {

constexpr WallMillis kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(Response, SerializesStatusHeadersAndBody) {
  Response response(200);
  response.body("text/plain", "hello")
      .set("X-A", "1")
      .add("Set-Cookie", "a")
      .add("Set-Cookie", "b");
  EXPECT_EQ(serialize(response, {.now_ms = kNow}),
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: text/plain\r\n"
            "X-A: 1\r\n"
            "Set-Cookie: a\r\n"
            "Set-Cookie: b\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 5\r\n"
            "\r\n"
            "hello");
}

TEST(Response, HeadHasTheLengthButNotTheBody) {
  Response response(200);
  response.body("text/plain", "hello");
  const std::string bytes = serialize(response, {.now_ms = kNow, .head_only = true});
  EXPECT_NE(bytes.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
}

TEST(Response, NoLengthWhereNoBodyMayBe) {
  for (int status : {101, 204, 304}) {
    const std::string bytes = serialize(Response(status), {.now_ms = kNow});
    EXPECT_EQ(bytes.find("Content-Length"), std::string::npos) << status;
  }
}

TEST(Response, SaysCloseWhenEitherSideWishes) {
  EXPECT_NE(serialize(Response(200).close(), {}).find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(serialize(Response(200), {.keep_alive = false}).find("Connection: close\r\n"),
            std::string::npos);
  EXPECT_EQ(serialize(Response(200), {}).find("Connection"), std::string::npos);
}

TEST(Response, AnUpgradeKeepsItsConnectionHeader) {
  Response response(101);
  response.set("Connection", "Upgrade").set("Upgrade", "websocket");
  EXPECT_EQ(
      serialize(response, {.keep_alive = false}),
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST(Response, InjectionMakesItABare500) {
  const std::vector<std::string_view> values = {"a\r\nX: b", "a\nb", "a\rb",
                                                std::string_view("a\0b", 3), "\x7F"};
  for (std::string_view value : values) {
    Response response(200);
    response.body("text/plain", "secret").set("X-A", value).set("X-B", "kept out");
    EXPECT_EQ(response.status(), 500);
    EXPECT_EQ(response.text(), "");
    EXPECT_EQ(response.header("X-B"), "");
    EXPECT_EQ(serialize(response, {}).find("secret"), std::string::npos);
  }
  EXPECT_EQ(Response(200).set("X A", "1").status(), 500);
  EXPECT_EQ(Response(200).set("X:", "1").status(), 500);
  EXPECT_EQ(Response(200).set("", "1").status(), 500);
}

TEST(Response, ErrorsCarryTheProtocolsObject) {
  EXPECT_EQ(
      error_json(1101, "unauthorized", "a \"b\"\n\\", false),
      R"({"error":{"code":1101,"name":"unauthorized","message":"a \"b\"\u000a\\","retryable":false}})");
  const Response response = error_response(503, 1902, "overloaded", "later", true);
  EXPECT_EQ(response.status(), 503);
  EXPECT_EQ(response.header("content-type"), "application/json");
  EXPECT_TRUE(response.keep_alive());
  const Response refused = refusal({431, "too many header lines"}, 1001, "invalid_message");
  EXPECT_EQ(refused.status(), 431);
  EXPECT_FALSE(refused.keep_alive());
}

TEST(Response, ASourceGivesTheLengthAndIsPulledByTheCaller) {
  const auto bytes = std::make_shared<const std::string>("0123456789");
  Response response(206);
  response.body(std::make_unique<MemoryBody>(bytes, 2, 5));
  EXPECT_NE(serialize(response, {}).find("Content-Length: 5\r\n"), std::string::npos);
  std::array<char, 3> part{};
  const auto source = response.take_source();
  EXPECT_EQ(source->read(part), 3U);
  EXPECT_EQ(std::string(part.data(), 3), "234");
  EXPECT_EQ(source->read(part), 2U);
  EXPECT_EQ(source->read(part), 0U);
}

}  // namespace
}  // namespace tidewire::http
