#include "ws/handshake.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidewire::ws {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr std::array<std::string_view, 2> kSupported{"tidewire.v1.json", "tidewire.v1.proto"};

/// The example of RFC 6455 section 1.2, to be changed header by header.
struct HandshakeTest : testing::Test {
  HandshakeRequest request{"GET", 1, 1, "/ws", {}};
  std::vector<HandshakeHeader> headers{{"Host", "server.example.com"},
                                       {"Upgrade", "websocket"},
                                       {"Connection", "Upgrade"},
                                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                       {"Sec-WebSocket-Version", "13"}};
  DeflateConfig deflate;

  void add(std::string_view name, std::string_view value) { headers.push_back({name, value}); }
  void drop(std::string_view name) {
    std::erase_if(headers, [name](const HandshakeHeader& header) { return header.name == name; });
  }
  void set(std::string_view name, std::string_view value) {
    drop(name);
    add(name, value);
  }
  std::expected<HandshakeResult, HandshakeRefusal> run() {
    request.headers = headers;
    return handshake(request, {kSupported, deflate});
  }
  int status() {
    const auto result = run();
    return result ? 101 : result.error().status;
  }
  int status_with(std::string_view name, std::string_view value) {
    const auto before = headers;
    set(name, value);
    const int result = status();
    headers = before;
    return result;
  }
};

TEST_F(HandshakeTest, TheExampleOfTheRfcIsAccepted) {
  const auto result = run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(result->response(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST_F(HandshakeTest, EverythingAgreedIsInTheResponseOnce) {
  add("Sec-WebSocket-Protocol", "tidewire.v1.proto");
  add("Sec-WebSocket-Extensions", "permessage-deflate");
  EXPECT_EQ(run()->response(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: tidewire.v1.proto\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover\r\n\r\n");
}

TEST_F(HandshakeTest, OnlyGetAsks) {
  for (const std::string_view method : {"POST", "HEAD", "OPTIONS", "get", "PUT"}) {
    request.method = method;
    const auto result = run();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().status, 405);
    EXPECT_THAT(result.error().headers, UnorderedElementsAre(Pair("Allow", "GET")));
  }
}

TEST_F(HandshakeTest, TheVersionOfHttpIsAtLeast11) {
  request.http_minor = 0;
  EXPECT_EQ(status(), 505);
  request = {"GET", 2, 0, "/", {}};
  EXPECT_EQ(status(), 505);
  request = {"GET", 0, 9, "/", {}};
  EXPECT_EQ(status(), 505);
}

TEST_F(HandshakeTest, TheTargetIsAPathOrAWholeUrl) {
  for (const std::string_view target : {"/", "/ws?token=a%20b", "http://host/ws", "https://h/"}) {
    request.target = target;
    EXPECT_EQ(status(), 101) << target;
  }
  for (const std::string_view target :
       {"", "*", "ws", "/a b", "/a#b", "/a\r", "/\x7F", "/\xC3\xA4"}) {
    request.target = target;
    EXPECT_EQ(status(), 400) << target;
  }
}

TEST_F(HandshakeTest, ExactlyOneValidHostIsNeeded) {
  for (const std::string_view host :
       {"localhost", "localhost:8080", "127.0.0.1:1", "[::1]", "[2001:db8::1]:443", "a.b-c_d.e"})
    EXPECT_EQ(status_with("Host", host), 101) << host;
  for (const std::string_view host : {"", ":80", "a b", "a:b", "a:80:80", "a/b", "user@host",
                                      "[::1", "[]", "[::1]x", "[zz]", "a:999999", "a,b", "a\"b"})
    EXPECT_EQ(status_with("Host", host), 400) << host;
  drop("Host");
  EXPECT_EQ(status(), 400);
  add("Host", "a");
  add("host", "a");
  EXPECT_EQ(status(), 400);
}

TEST_F(HandshakeTest, UpgradeMustNameWebsocket) {
  for (const std::string_view value :
       {"WebSocket", "WEBSOCKET", "h2c, websocket", "websocket,h2c", "TLS/1.0, websocket"})
    EXPECT_EQ(status_with("Upgrade", value), 101) << value;
  for (const std::string_view value : {"", "h2c", "websockets", "web socket", "websocket/13", ";"})
    EXPECT_EQ(status_with("Upgrade", value), 426) << value;
  drop("Upgrade");
  const auto result = run();
  EXPECT_EQ(result.error().status, 426);
  EXPECT_THAT(result.error().headers, UnorderedElementsAre(Pair("Upgrade", "websocket")));
}

TEST_F(HandshakeTest, ConnectionMustNameUpgrade) {
  for (const std::string_view value :
       {"upgrade", "keep-alive, Upgrade", "Upgrade,keep-alive", "close ,\tUPGRADE"})
    EXPECT_EQ(status_with("Connection", value), 101) << value;
  for (const std::string_view value : {"", "keep-alive", "upgraded", "keep-alive upgrade"})
    EXPECT_EQ(status_with("Connection", value), 400) << value;
  set("Connection", "keep-alive");
  add("Connection", "Upgrade");
  EXPECT_EQ(status(), 101) << "a list may come in several headers";
  drop("Connection");
  EXPECT_EQ(status(), 400);
}

TEST_F(HandshakeTest, TheKeyIs16BytesInBase64Once) {
  for (const std::string_view key :
       {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZSE=", "!!!!IHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ== ",
        "dGhlIHNhbXBsZSBub25jZQ==,dGhlIHNhbXBsZSBub25jZQ=="})
    EXPECT_EQ(status_with("Sec-WebSocket-Key", key), 400) << key;
  add("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(status(), 400);
  drop("sec-websocket-key");
  drop("Sec-WebSocket-Key");
  EXPECT_EQ(status(), 400);
}

TEST_F(HandshakeTest, AnotherVersionIsToldWhichOneIsSpoken) {
  for (const std::string_view version : {"0", "8", "12", "14", "013", "13.0", "", "x", "13, 8"}) {
    set("Sec-WebSocket-Version", version);
    const auto result = run();
    ASSERT_FALSE(result) << version;
    EXPECT_EQ(result.error().status, 426);
    EXPECT_THAT(result.error().headers, UnorderedElementsAre(Pair("Sec-WebSocket-Version", "13")));
  }
  drop("Sec-WebSocket-Version");
  EXPECT_EQ(status(), 400);
  add("Sec-WebSocket-Version", "13");
  add("Sec-WebSocket-Version", "13");
  EXPECT_EQ(status(), 400);
}

TEST_F(HandshakeTest, ARequestWithABodyIsRefused) {
  EXPECT_EQ(status_with("Content-Length", "0"), 101);
  for (const std::string_view length : {"1", "5", "+0", "00", "", "x", "0, 0"})
    EXPECT_EQ(status_with("Content-Length", length), 400) << length;
  EXPECT_EQ(status_with("Transfer-Encoding", "chunked"), 400);
  EXPECT_EQ(status_with("transfer-encoding", "identity"), 400);
  add("Content-Length", "0");
  add("Content-Length", "0");
  EXPECT_EQ(status(), 400);
}

TEST_F(HandshakeTest, HeadersHaveNoControlCharactersAndAreUtf8) {
  EXPECT_EQ(status_with("X-Note", "tab\tand \xC3\xA4"), 101);
  for (const std::string_view value :
       {std::string_view("\0", 1), std::string_view("a\x01"), std::string_view("a\r\nb"),
        std::string_view("\x7F"), std::string_view("\xFF"), std::string_view("\xC3")})
    EXPECT_EQ(status_with("X-Note", value), 400);
  for (const std::string_view name : {"", "X Note", "X:Note", "X-N\xC3\xB6te", "X(Note)"})
    EXPECT_EQ(status_with(name, "x"), 400) << name;
}

TEST_F(HandshakeTest, UnknownHeadersAreIgnored) {
  add("X-Unknown", "whatever");
  add("Sec-WebSocket-Unknown", "whatever");
  EXPECT_EQ(status(), 101);
}

TEST_F(HandshakeTest, TheFirstSupportedSubprotocolOfTheClientIsChosen) {
  EXPECT_EQ(run()->subprotocol, "") << "none offered, none chosen";
  add("Sec-WebSocket-Protocol", "other, tidewire.v1.proto");
  add("Sec-WebSocket-Protocol", "tidewire.v1.json");
  EXPECT_EQ(run()->subprotocol, "tidewire.v1.proto");
}

TEST_F(HandshakeTest, OnlyUnknownSubprotocolsAreRefusedNamingTheSupported) {
  add("Sec-WebSocket-Protocol", "mqtt, TIDEWIRE.V1.JSON");
  const auto result = run();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, 400);
  EXPECT_THAT(result.error().reason, HasSubstr("tidewire.v1.json, tidewire.v1.proto"));
}

TEST_F(HandshakeTest, ATokenTravelsAsASubprotocolButIsNeverChosen) {
  add("Sec-WebSocket-Protocol", "tidewire.token.aa.bb-_.cc, tidewire.v1.json");
  EXPECT_EQ(run()->token, "aa.bb-_.cc");
  EXPECT_EQ(run()->subprotocol, "tidewire.v1.json");
  set("Sec-WebSocket-Protocol", "tidewire.token.a");
  EXPECT_EQ(run()->token, "a");
  EXPECT_EQ(run()->subprotocol, "") << "a token alone offers no subprotocol";
  EXPECT_EQ(status_with("Sec-WebSocket-Protocol", "tidewire.token.a, mqtt"), 400);
  EXPECT_EQ(status_with("Sec-WebSocket-Protocol", "tidewire.token.a, tidewire.token.b"), 400);
  EXPECT_EQ(status_with("Sec-WebSocket-Protocol", "tidewire.token."), 400);
}

TEST_F(HandshakeTest, AMalformedSubprotocolHeaderIsRefused) {
  for (const std::string_view value :
       {"", ",", "a b", "a/b", "\"a\"", "a;b", "tidewire.v1.json, tidewire.v1.json"})
    EXPECT_EQ(status_with("Sec-WebSocket-Protocol", value), 400) << value;
  std::string many = "tidewire.v1.json";
  for (int i = 0; i < 40; ++i) many += ", p" + std::to_string(i);
  EXPECT_EQ(status_with("Sec-WebSocket-Protocol", many), 400);
}

TEST_F(HandshakeTest, ExtensionsAreNegotiatedOverAllHeaders) {
  add("Sec-WebSocket-Extensions", "foo");
  EXPECT_FALSE(run()->deflate);
  EXPECT_EQ(run()->extensions, "");
  add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
  const auto result = run();
  ASSERT_TRUE(result->deflate);
  EXPECT_TRUE(result->deflate->server_no_context_takeover);
  deflate.enabled = false;
  EXPECT_FALSE(run()->deflate);
  EXPECT_EQ(status_with("Sec-WebSocket-Extensions", "permessage-deflate; a=\"unclosed"), 400);
}

}  // namespace
}  // namespace tidewire::ws
