#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace tidewire::http {
namespace {

/// A request that must be refused, with its exact status.
struct BadRequest {
  std::string_view rule;
  int status;
  std::string bytes;
};

/// Keeps NUL bytes of a literal.
template <std::size_t kSize>
std::string raw(const char (&text)[kSize]) {
  return std::string(text, kSize - 1);
}

std::string get(std::string_view line, std::string_view headers = "") {
  return std::string(line).append("\r\nHost: a\r\n").append(headers).append("\r\n");
}
std::string with_header(std::string_view header) {
  return get("GET / HTTP/1.1", std::string(header).append("\r\n"));
}
std::string with_host_lines(std::string_view lines) {
  return std::string("GET / HTTP/1.1\r\n").append(lines).append("\r\n");
}
std::string post(std::string_view headers, std::string_view body = "") {
  return get("POST /x HTTP/1.1", headers).append(body);
}
std::string chunked(std::string_view body) { return post("Transfer-Encoding: chunked\r\n", body); }

std::string many_headers(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "X-" + std::to_string(i) + ": 1\r\n";
  return get("GET / HTTP/1.1", lines);
}

std::vector<BadRequest> request_lines() {
  return {
      {"no version", 400, "GET /\r\nHost: a\r\n\r\n"},
      {"no target", 400, "GET HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"method alone", 400, "GET\r\nHost: a\r\n\r\n"},
      {"two spaces after the method", 400, get("GET  / HTTP/1.1")},
      {"two spaces before the version", 400, get("GET /  HTTP/1.1")},
      {"space after the version", 400, get("GET / HTTP/1.1 ")},
      {"space before the method", 400, get(" GET / HTTP/1.1")},
      {"tab instead of space", 400, get("GET\t/ HTTP/1.1")},
      {"space inside the target", 400, get("GET /a b HTTP/1.1")},
      {"HTTP/1.0", 505, get("GET / HTTP/1.0")},
      {"HTTP/0.9", 505, get("GET / HTTP/0.9")},
      {"HTTP/1.2", 505, get("GET / HTTP/1.2")},
      {"HTTP/2.0", 505, get("GET / HTTP/2.0")},
      {"HTTP/3.0", 505, get("GET / HTTP/3.0")},
      {"the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"HTTP/1.10", 400, get("GET / HTTP/1.10")},
      {"HTTP/11", 400, get("GET / HTTP/11")},
      {"HTTP/1", 400, get("GET / HTTP/1")},
      {"HTTP/1,1", 400, get("GET / HTTP/1,1")},
      {"HTTP/x.1", 400, get("GET / HTTP/x.1")},
      {"http/1.1 in small letters", 400, get("GET / http/1.1")},
      {"HTTPS/1.1", 400, get("GET / HTTPS/1.1")},
      {"a slash alone as version", 400, get("GET / /1.1")},
      {"method with a parenthesis", 400, get("G(T / HTTP/1.1")},
      {"method with a colon", 400, get("GET: / HTTP/1.1")},
      {"method with a byte above ASCII", 400, get("G\xC3\x89T / HTTP/1.1")},
      {"method of 33 bytes", 501, get(std::string(33, 'A') + " / HTTP/1.1")},
      {"bytes of 0xFF", 400, std::string(64, '\xFF')},
      {"NUL in the target", 400, raw("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n")},
      {"DEL in the target", 400, get("GET /\x7F HTTP/1.1")},
      {"a TLS hello on the plain port", 400, raw("\x16\x03\x01\x02\x00\x01\x00\x01")},
      {"two empty lines first", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"an empty line of LF first", 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a status line", 400, "HTTP/1.1 200 OK\r\nHost: a\r\n\r\n"},
  };
}

std::vector<BadRequest> targets() {
  return {
      {"relative", 400, get("GET a HTTP/1.1")},
      {"asterisk for GET", 400, get("GET * HTTP/1.1")},
      {"authority form", 400, get("CONNECT a:80 HTTP/1.1")},
      {"a foreign scheme", 400, get("GET ftp://a/ HTTP/1.1")},
      {"javascript scheme", 400, get("GET javascript:alert(1) HTTP/1.1")},
      {"a URL without authority", 400, get("GET http:///x HTTP/1.1")},
      {"a URL with user info", 400, get("GET http://u@a/ HTTP/1.1")},
      {"a URL with a bad port", 400, get("GET http://a:99999/ HTTP/1.1")},
      {"fragment", 400, get("GET /#top HTTP/1.1")},
      {"fragment after a query", 400, get("GET /?a#top HTTP/1.1")},
      {"byte above ASCII", 400, get("GET /\xC3\xA9 HTTP/1.1")},
      {"byte above ASCII in the query", 400, get("GET /?\xC3\xA9 HTTP/1.1")},
      {"quote", 400, get("GET /\" HTTP/1.1")},
      {"angle bracket", 400, get("GET /<a> HTTP/1.1")},
      {"backslash", 400, get("GET /a\\b HTTP/1.1")},
      {"escape cut short", 400, get("GET /%2 HTTP/1.1")},
      {"percent alone", 400, get("GET /% HTTP/1.1")},
      {"escape that is not hexadecimal", 400, get("GET /%zz HTTP/1.1")},
      {"%u escape", 400, get("GET /%u0041 HTTP/1.1")},
      {"escaped NUL", 400, get("GET /a%00b HTTP/1.1")},
      {"escaped CR LF", 400, get("GET /a%0d%0ab HTTP/1.1")},
      {"escaped DEL", 400, get("GET /%7f HTTP/1.1")},
      {"escaped slash", 400, get("GET /a%2fb HTTP/1.1")},
      {"escaped backslash", 400, get("GET /a%5Cb HTTP/1.1")},
      {"escaped overlong slash", 400, get("GET /%c0%af HTTP/1.1")},
      {"escaped surrogate", 400, get("GET /%ed%a0%80 HTTP/1.1")},
      {"escaped lone continuation", 400, get("GET /%80 HTTP/1.1")},
      {"climbs above the root", 400, get("GET /../etc/passwd HTTP/1.1")},
      {"climbs above the root later", 400, get("GET /a/../../b HTTP/1.1")},
      {"climbs by escapes", 400, get("GET /%2e%2e/etc/passwd HTTP/1.1")},
      {"climbs by half an escape", 400, get("GET /.%2E/x HTTP/1.1")},
      {"target of 2049 bytes", 414, get("GET /" + std::string(2048, 'a') + " HTTP/1.1")},
      {"target without end", 414, "GET /" + std::string(4000, 'a')},
      {"query too long", 414, get("GET /?" + std::string(2047, 'a') + " HTTP/1.1")},
  };
}

std::vector<BadRequest> header_lines() {
  return {
      {"bare LF after the request line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"},
      {"bare LF after a header", 400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"},
      {"bare LF at the end", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
      {"bare LF everywhere", 400, "GET / HTTP/1.1\nHost: a\n\n"},
      {"bare CR in a value", 400, with_header("X: a\rb")},
      {"bare CR after a value", 400, with_header("X: a\r")},
      {"bare CR in the request line", 400, "GET / HTTP/1.1\rHost: a\r\n\r\n"},
      {"CR CR LF", 400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
      {"folded by a space", 400, with_header("X: a\r\n b")},
      {"folded by a tab", 400, with_header("X: a\r\n\tb")},
      {"first line folded", 400, with_host_lines(" Host: a\r\n")},
      {"a line of one space", 400, with_header("X: a\r\n ")},
      {"space before the colon", 400, with_header("X : a")},
      {"tab before the colon", 400, with_header("X\t: a")},
      {"space in Content-Length's name", 400, post("Content-Length : 0\r\n")},
      {"space in a name", 400, with_header("X Y: a")},
      {"no colon", 400, with_header("Xa")},
      {"no name", 400, with_header(": a")},
      {"name with a slash", 400, with_header("X/Y: a")},
      {"name with parentheses", 400, with_header("X(Y): a")},
      {"name with quotes", 400, with_header("\"X\": a")},
      {"name with a comma", 400, with_header("X,Y: a")},
      {"name with a semicolon", 400, with_header("X;Y: a")},
      {"name with an at sign", 400, with_header("X@Y: a")},
      {"name with a byte above ASCII", 400, with_header("X\xC3\xA9: a")},
      {"name with a brace", 400, with_header("X{Y}: a")},
      {"name with brackets", 400, with_header("X[0]: a")},
      {"NUL in a value", 400, get("GET / HTTP/1.1", raw("X: a\0b\r\n"))},
      {"NUL in a name", 400, get("GET / HTTP/1.1", raw("X\0: a\r\n"))},
      {"bell in a value", 400, with_header("X: a\x07")},
      {"escape in a value", 400, with_header("X: \x1B[0m")},
      {"vertical tab in a value", 400, with_header("X: a\vb")},
      {"form feed in a value", 400, with_header("X: a\fb")},
      {"DEL in a value", 400, with_header("X: a\x7F")},
      {"0x01 in a value", 400, with_header("X: \x01")},
      {"0x1F in a value", 400, with_header("X: \x1F")},
      {"value of lone continuation bytes", 400, with_header("X: \x80\x80")},
      {"value of overlong UTF-8", 400, with_header("X: \xC0\xAF")},
      {"value of overlong UTF-8 in three bytes", 400, with_header("X: \xE0\x80\xAF")},
      {"value with a surrogate", 400, with_header("X: \xED\xA0\x80")},
      {"value above U+10FFFF", 400, with_header("X: \xF4\x90\x80\x80")},
      {"value with 0xFF", 400, with_header("X: \xFF")},
      {"value with UTF-8 cut short", 400, with_header("X: \xE2\x82")},
      {"value in Latin-1", 400, with_header("X: caf\xE9")},
      {"65 headers", 431, many_headers(64)},
      {"300 headers", 431, many_headers(300)},
      {"block of 8193 bytes", 431, with_header("X: " + std::string(8193, 'a'))},
      {"a name without end", 431, "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(9000, 'x')},
      {"many middling headers", 431,
       with_header("X: " + std::string(4000, 'a') + "\r\nY: " + std::string(4200, 'b'))},
  };
}

std::vector<BadRequest> hosts() {
  return {
      {"missing", 400, with_host_lines("X: a\r\n")},
      {"two", 400, with_host_lines("Host: a\r\nHost: b\r\n")},
      {"two equal ones", 400, with_host_lines("Host: a\r\nhost: a\r\n")},
      {"empty", 400, with_host_lines("Host:\r\n")},
      {"blank", 400, with_host_lines("Host:   \r\n")},
      {"with a path", 400, with_host_lines("Host: a/b\r\n")},
      {"with user info", 400, with_host_lines("Host: u@a\r\n")},
      {"a list", 400, with_host_lines("Host: a, b\r\n")},
      {"with a space", 400, with_host_lines("Host: a b\r\n")},
      {"a URL", 400, with_host_lines("Host: http://a\r\n")},
      {"port of letters", 400, with_host_lines("Host: a:http\r\n")},
      {"port too large", 400, with_host_lines("Host: a:65536\r\n")},
      {"negative port", 400, with_host_lines("Host: a:-1\r\n")},
      {"two ports", 400, with_host_lines("Host: a:1:2\r\n")},
      {"port alone", 400, with_host_lines("Host: :80\r\n")},
      {"IPv6 without brackets", 400, with_host_lines("Host: ::1\r\n")},
      {"bracket never closed", 400, with_host_lines("Host: [::1\r\n")},
      {"brackets around a name", 400, with_host_lines("Host: [a]\r\n")},
      {"text after the bracket", 400, with_host_lines("Host: [::1]a\r\n")},
      {"query", 400, with_host_lines("Host: a?b\r\n")},
      {"fragment", 400, with_host_lines("Host: a#b\r\n")},
      {"quote", 400, with_host_lines("Host: \"a\"\r\n")},
  };
}

std::vector<BadRequest> lengths() {
  return {
      {"two lengths that differ", 400, post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab")},
      {"two lengths that agree", 400, post("Content-Length: 1\r\nContent-Length: 1\r\n", "a")},
      {"a list of lengths", 400, post("Content-Length: 1, 1\r\n", "a")},
      {"+5", 400, post("Content-Length: +5\r\n", "hello")},
      {"-5", 400, post("Content-Length: -5\r\n", "hello")},
      {"0x5", 400, post("Content-Length: 0x5\r\n", "hello")},
      {"1_0", 400, post("Content-Length: 1_0\r\n", "hellohello")},
      {"5.0", 400, post("Content-Length: 5.0\r\n", "hello")},
      {"5e0", 400, post("Content-Length: 5e0\r\n", "hello")},
      {"inner space", 400, post("Content-Length: 1 0\r\n", "hello")},
      {"empty length", 400, post("Content-Length:\r\n")},
      {"quoted length", 400, post("Content-Length: \"5\"\r\n", "hello")},
      {"length of letters", 400, post("Content-Length: five\r\n", "hello")},
      {"length with a semicolon", 400, post("Content-Length: 5;\r\n", "hello")},
      {"digits of another script", 400, post("Content-Length: \xD9\xA5\r\n", "hello")},
      {"body one past the limit", 413, post("Content-Length: 65537\r\n")},
      {"2^63", 413, post("Content-Length: 9223372036854775808\r\n")},
      {"2^64 plus one", 413, post("Content-Length: 18446744073709551617\r\n")},
      {"a hundred digits", 413, post("Content-Length: " + std::string(100, '9') + "\r\n")},
      {"CL then TE", 400, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"TE then CL", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
      {"CL 0 and TE", 400,
       post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"CL and an unknown TE", 400, post("Content-Length: 5\r\nTransfer-Encoding: x\r\n", "hello")},
      {"two TE", 400,
       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"TE identity then chunked line", 400,
       post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"gzip, chunked", 501, post("Transfer-Encoding: gzip, chunked\r\n")},
      {"xchunked", 400, post("Transfer-Encoding: xchunked\r\n")},
      {"chunked, gzip", 400, post("Transfer-Encoding: chunked, gzip\r\n")},
      {"chunked twice in a list", 400, post("Transfer-Encoding: chunked, chunked\r\n")},
      {"identity", 400, post("Transfer-Encoding: identity\r\n")},
      {"empty TE", 400, post("Transfer-Encoding:\r\n")},
      {"quoted chunked", 400, post("Transfer-Encoding: \"chunked\"\r\n")},
      {"chunked with a parameter", 400, post("Transfer-Encoding: chunked;q=1\r\n")},
      {"gzip", 400, post("Transfer-Encoding: gzip\r\n")},
      {"an expectation nobody knows", 417, post("Expect: 200-ok\r\nContent-Length: 1\r\n", "a")},
      {"two expectations", 417, post("Expect: 100-continue\r\nExpect: 100-continue\r\n")},
      {"upgrade with a length", 400,
       with_header("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5")},
      {"upgrade with length 0", 400,
       with_header("Upgrade: WebSocket\r\nConnection: Upgrade\r\nContent-Length: 0")},
      {"upgrade with chunks", 400,
       with_header("Upgrade: h2c, websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked")},
  };
}

std::vector<BadRequest> chunks() {
  return {
      {"no size", 400, chunked("\r\nhello\r\n0\r\n\r\n")},
      {"size 0x5", 400, chunked("0x5\r\nhello\r\n0\r\n\r\n")},
      {"size +5", 400, chunked("+5\r\nhello\r\n0\r\n\r\n")},
      {"size -5", 400, chunked("-5\r\nhello\r\n0\r\n\r\n")},
      {"size 5_0", 400, chunked("5_0\r\nhello\r\n0\r\n\r\n")},
      {"space before the size", 400, chunked(" 5\r\nhello\r\n0\r\n\r\n")},
      {"space after the size", 400, chunked("5 \r\nhello\r\n0\r\n\r\n")},
      {"size not hexadecimal", 400, chunked("5g\r\nhello\r\n0\r\n\r\n")},
      {"bare LF after the size", 400, chunked("5\nhello\r\n0\r\n\r\n")},
      {"bare CR after the size", 400, chunked("5\rhello\r\n0\r\n\r\n")},
      {"data longer than the size", 400, chunked("4\r\nhello\r\n0\r\n\r\n")},
      {"data shorter than the size", 400, chunked("6\r\nhello\r\n0\r\n\r\n")},
      {"LF alone after the data", 400, chunked("5\r\nhello\n0\r\n\r\n")},
      {"size of nine digits", 400, chunked("000000005\r\nhello\r\n0\r\n\r\n")},
      {"size of 2^64", 400, chunked("10000000000000000\r\n")},
      {"chunk past the limit", 413, chunked("10001\r\n")},
      {"chunks past the limit together", 413,
       chunked("8000\r\n" + std::string(0x8000, 'a') + "\r\n8001\r\n")},
      {"an endless extension", 400, chunked("5;" + std::string(300, 'e') + "\r\nhello\r\n")},
      {"NUL in an extension", 400, post("Transfer-Encoding: chunked\r\n", raw("5;\0\r\nhello"))},
      {"bare LF in an extension", 400, chunked("5;a\nhello\r\n0\r\n\r\n")},
      {"trailer", 400, chunked("5\r\nhello\r\n0\r\nX: a\r\n\r\n")},
      {"trailer with a length", 400, chunked("0\r\nContent-Length: 5\r\n\r\n")},
      {"no CR at the end", 400, chunked("0\r\n\n")},
  };
}

void expect_refused(const std::vector<BadRequest>& table) {
  for (const BadRequest& bad : table) {
    RequestParser whole;
    ASSERT_EQ(whole.feed(bad.bytes), ParseStatus::error) << bad.rule;
    EXPECT_EQ(whole.error().status, bad.status) << bad.rule << ": " << whole.error().reason;
    EXPECT_FALSE(whole.error().reason.empty()) << bad.rule;

    RequestParser piecemeal;
    ParseStatus status = ParseStatus::need_more;
    for (std::size_t at = 0; at < bad.bytes.size() && status == ParseStatus::need_more; ++at)
      status = piecemeal.feed({&bad.bytes[at], 1});
    ASSERT_EQ(status, ParseStatus::error) << bad.rule;
    EXPECT_EQ(piecemeal.error().status, whole.error().status) << bad.rule;
    EXPECT_EQ(piecemeal.error().reason, whole.error().reason) << bad.rule;
  }
}

TEST(BadRequests, RequestLinesAreRefused) { expect_refused(request_lines()); }
TEST(BadRequests, TargetsAreRefused) { expect_refused(targets()); }
TEST(BadRequests, HeaderLinesAreRefused) { expect_refused(header_lines()); }
TEST(BadRequests, HostsAreRefused) { expect_refused(hosts()); }
TEST(BadRequests, LengthsAndCodingsAreRefused) { expect_refused(lengths()); }
TEST(BadRequests, ChunksAreRefused) { expect_refused(chunks()); }

TEST(BadRequests, TheTableHoldsAtLeast120) {
  EXPECT_GE(request_lines().size() + targets().size() + header_lines().size() + hosts().size() +
                lengths().size() + chunks().size(),
            120U);
}

}  // namespace
}  // namespace tidewire::http
