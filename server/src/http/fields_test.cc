// The small header grammars: Accept-Encoding, Range, entity tags, dates, types.
#include <gtest/gtest.h>

#include "http/accept_encoding.h"
#include "http/characters.h"
#include "http/etag.h"
#include "http/http_date.h"
#include "http/mime.h"
#include "http/range.h"

namespace tidewire::http {
namespace {

TEST(AcceptEncoding, TheHighestQualityWinsAndTiesGoToOurOrder) {
  const std::vector<std::string_view> both = {"br", "gzip"};
  EXPECT_EQ(choose_coding("", both), "identity");
  EXPECT_EQ(choose_coding("gzip, deflate, br", both), "br");
  EXPECT_EQ(choose_coding("gzip", both), "gzip");
  EXPECT_EQ(choose_coding("gzip;q=1.0, br;q=0.5", both), "gzip");
  EXPECT_EQ(choose_coding("br;q=0, *", both), "gzip");
  EXPECT_EQ(choose_coding("br;q=0, gzip;q=0", both), "identity");
  EXPECT_EQ(choose_coding("*;q=0.1", both), "br");
  EXPECT_EQ(choose_coding("identity, gzip;q=0.5", both), "identity");
  EXPECT_EQ(choose_coding("GZIP ; Q=0.8", both), "gzip");
  EXPECT_EQ(choose_coding("br;q=2, gzip;q=0.001", both), "gzip") << "an odd quality is not sent";
  EXPECT_EQ(choose_coding("br;level=3", both), "identity");
  EXPECT_EQ(choose_coding("br", {}), "identity");
}

TEST(Range, OneRangeInItsThreeForms) {
  const auto part = [](std::string_view text, std::uint64_t size) {
    return std::get<ByteRange>(choose_range(text, size));
  };
  EXPECT_EQ(part("bytes=0-0", 10).size, 1U);
  EXPECT_EQ(part("bytes=2-5", 10).offset, 2U);
  EXPECT_EQ(part("bytes=2-5", 10).size, 4U);
  EXPECT_EQ(part("bytes=7-", 10).size, 3U);
  EXPECT_EQ(part("bytes=-3", 10).offset, 7U);
  EXPECT_EQ(part("bytes=-30", 10).size, 10U);
  EXPECT_EQ(part("Bytes=5-99999999999999999999999", 10).size, 5U);
}

TEST(Range, OutsideIsRefusedAndTheRestIgnored) {
  for (std::string_view text :
       {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"})
    EXPECT_TRUE(std::holds_alternative<NoSuchRange>(choose_range(text, 10))) << text;
  for (std::string_view text : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "items=0-1",
                                "bytes=0-1,3-4", "bytes=+1-2", "bytes 0-1", "bytes=1-2x"})
    EXPECT_TRUE(std::holds_alternative<WholeBody>(choose_range(text, 10))) << text;
  EXPECT_TRUE(std::holds_alternative<NoSuchRange>(choose_range("bytes=0-", 0)));
}

TEST(Etag, ComparesWeaklyAndStrongly) {
  EXPECT_TRUE(lists_etag_weakly("\"a\", W/\"b,c\"", "\"b,c\""));
  EXPECT_FALSE(lists_etag_strongly("\"a\", W/\"b\"", "\"b\""));
  EXPECT_TRUE(lists_etag_strongly("\"a\",\"b\"", "\"b\""));
  EXPECT_TRUE(lists_etag_weakly(" * ", "\"a\""));
  EXPECT_FALSE(lists_etag_weakly("a, \"b", "\"b\""));
  EXPECT_FALSE(lists_etag_weakly("", "\"a\""));
  EXPECT_NE(make_etag("1"), make_etag("2"));
  EXPECT_EQ(make_etag("1").size(), 18U);
}

TEST(HttpDate, WritesOneFormAndReadsThree) {
  EXPECT_EQ(format_http_date(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  for (std::string_view text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_http_date(text), 784'111'777) << text;
}

TEST(HttpDate, RefusesTheRest) {
  for (std::string_view text :
       {"", "yesterday", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, xx Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-9x 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

TEST(Mime, KnowsTheWebsTypesAndHashedNames) {
  EXPECT_EQ(mime_type("a/index.HTML"), "text/html; charset=utf-8");
  EXPECT_EQ(mime_type("app.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(mime_type("LICENSE"), "application/octet-stream");
  for (std::string_view name : {"assets/index-B3xY90ab.js", "assets/index-DiwrgTda.css",
                                "a-Bq_-0xYz.js", "app.0123abcd.js", "assets/i-B3xY90ab.js.map"})
    EXPECT_TRUE(has_content_hash(name)) << name;
  for (std::string_view name : {"index.html", "assets/index.js", "my-long-component.js",
                                "jquery-3.7.js", "-B3xY90ab", "B3xY90ab.js"})
    EXPECT_FALSE(has_content_hash(name)) << name;
}

TEST(Utf8, AcceptsExactlyRfc3629) {
  for (std::string_view text : {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text));
  for (std::string_view text :
       {"\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "\xC3"})
    EXPECT_FALSE(is_utf8(text));
}

}  // namespace
}  // namespace tidewire::http
