#include "http/static_files.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tidewire::http {
namespace {

namespace fs = std::filesystem;

/// What a client would see.
struct Answer {
  Response response;
  std::string body;
  [[nodiscard]] int status() const { return response.status(); }
  [[nodiscard]] std::string_view header(std::string_view name) const {
    return response.header(name);
  }
};

class StaticFilesTest : public ::testing::Test {
 protected:
  StaticFilesTest() {
    std::array<char, 64> name{"/tmp/tidewire-static-XXXXXX"};
    top_ = ::mkdtemp(name.data());
    write("../outside.txt", "secret");
    write("index.html", "<p>home");
    write("assets/app-B3xY90ab.js", "original script");
    write("assets/app-B3xY90ab.js.br", "BR");
    write("assets/app-B3xY90ab.js.gz", "GZIP");
    write("notes.txt", "0123456789");
    write("docs/index.html", "<p>docs");
    write(".env", "secret");
    write(".well-known/a.txt", "known");
    fs::create_symlink("../outside.txt", root() / "leak.txt");
    fs::create_symlink("notes.txt", root() / "alias.txt");
    fs::create_symlink("/etc", root() / "etc");
    ::mkfifo((root() / "pipe").c_str(), 0600);
  }
  ~StaticFilesTest() override { fs::remove_all(top_); }

  [[nodiscard]] fs::path root() const { return top_ / "root"; }
  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((root() / name).parent_path());
    std::ofstream(root() / name, std::ios::binary) << bytes;
  }

  Answer ask(const std::string& method, const std::string& target,
             const std::string& headers = "") {
    if (!files_)
      files_.emplace(StaticFiles::open({.root = root(), .cached_file_bytes_max = 4096}).value());
    RequestParser parser;
    const std::string bytes = method + ' ' + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
    if (parser.feed(bytes) != ParseStatus::complete) return {Response(parser.error().status), ""};
    Answer answer{files_->respond(parser.request()), ""};
    answer.body = answer.response.text();
    if (auto source = answer.response.take_source()) {
      std::array<char, 1000> part{};
      while (const std::size_t bytes_read = source->read(part).value())
        answer.body.append(part.data(), bytes_read);
      EXPECT_EQ(answer.body.size(), source->size());
    }
    return answer;
  }
  Answer get(const std::string& target, const std::string& headers = "") {
    return ask("GET", target, headers);
  }

 private:
  fs::path top_;
  std::optional<StaticFiles> files_;
};

TEST_F(StaticFilesTest, PagesAreRevalidatedAndHashedNamesAreImmutable) {
  const Answer page = get("/");
  EXPECT_EQ(page.status(), 200);
  EXPECT_EQ(page.body, "<p>home");
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.header("Cache-Control"), "no-cache");
  EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(get("/docs/").body, "<p>docs");
  EXPECT_EQ(get("/assets/app-B3xY90ab.js").header("Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(get("/notes.txt").header("Cache-Control"), "public, max-age=3600");
}

TEST_F(StaticFilesTest, NothingOutsideTheRootIsServed) {
  for (const char* target :
       {"/leak.txt", "/etc/passwd", "/.env", "/assets", "/pipe", "/notes.txt/", "//notes.txt",
        "/notes.txt/x", "/docs//index.html", "/missing", "/.%2fx"})
    EXPECT_NE(get(target).status(), 200) << target;
  for (const char* target : {"/../outside.txt", "/%2e%2e/outside.txt", "/a/..%2f..%2foutside.txt",
                             "/..%5coutside.txt", "/notes.txt%00.html"})
    EXPECT_EQ(get(target).status(), 400) << target;
  EXPECT_EQ(get("/.well-known/a.txt").body, "known");
}

TEST_F(StaticFilesTest, ALinkInsideTheRootNeverShowsAnythingElse) {
  const Answer alias = get("/alias.txt");  // followed only where the kernel can hold the root
  EXPECT_TRUE(alias.status() == 404 || alias.body == "0123456789");
}

TEST_F(StaticFilesTest, TheTagOrTheDateAnswers304) {
  const Answer first = get("/notes.txt");
  const std::string etag(first.header("ETag"));
  const std::string date(first.header("Last-Modified"));
  ASSERT_TRUE(etag.starts_with('"'));
  const Answer same = get("/notes.txt", "If-None-Match: \"x\", W/" + etag + "\r\n");
  EXPECT_EQ(same.status(), 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.header("ETag"), etag);
  EXPECT_EQ(get("/notes.txt", "If-None-Match: *\r\n").status(), 304);
  EXPECT_EQ(get("/notes.txt", "If-Modified-Since: " + date + "\r\n").status(), 304);
  EXPECT_EQ(
      get("/notes.txt", "If-None-Match: \"x\"\r\nIf-Modified-Since: " + date + "\r\n").status(),
      200);
  EXPECT_EQ(get("/notes.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status(),
            200);
  EXPECT_EQ(get("/notes.txt", "If-Modified-Since: nonsense\r\n").status(), 200);
  EXPECT_EQ(get("/notes.txt", "If-Match: \"x\"\r\n").status(), 412);
  EXPECT_EQ(get("/notes.txt", "If-Match: " + etag + "\r\n").status(), 200);
  EXPECT_EQ(get("/notes.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status(),
            412);
}

TEST_F(StaticFilesTest, AChangedFileGetsAnotherTagAtOnce) {
  const std::string before(get("/notes.txt").header("ETag"));
  write("notes.txt", "changed!");
  const Answer after = get("/notes.txt", "If-None-Match: " + before + "\r\n");
  EXPECT_EQ(after.status(), 200);
  EXPECT_EQ(after.body, "changed!");
}

TEST_F(StaticFilesTest, VariantsGoByAcceptEncoding) {
  const Answer br = get("/assets/app-B3xY90ab.js", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(br.body, "BR");
  EXPECT_EQ(br.header("Content-Encoding"), "br");
  EXPECT_EQ(br.header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(br.header("Vary"), "Accept-Encoding");
  const Answer gzip = get("/assets/app-B3xY90ab.js", "Accept-Encoding: br;q=0.1, gzip\r\n");
  EXPECT_EQ(gzip.body, "GZIP");
  const Answer plain = get("/assets/app-B3xY90ab.js");
  EXPECT_EQ(plain.body, "original script");
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_EQ(plain.header("Vary"), "Accept-Encoding");
  EXPECT_NE(plain.header("ETag"), br.header("ETag"));
  EXPECT_NE(gzip.header("ETag"), br.header("ETag"));
  EXPECT_EQ(get("/notes.txt", "Accept-Encoding: br\r\n").header("Vary"), "");
}

TEST_F(StaticFilesTest, OneRangeIsServed) {
  const Answer part = get("/notes.txt", "Range: bytes=2-4\r\n");
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.header("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(get("/notes.txt", "Range: bytes=-2\r\n").body, "89");
  const Answer outside = get("/notes.txt", "Range: bytes=10-\r\n");
  EXPECT_EQ(outside.status(), 416);
  EXPECT_EQ(outside.header("Content-Range"), "bytes */10");
  EXPECT_EQ(outside.body, "");
  EXPECT_EQ(get("/notes.txt", "Range: bytes=0-1,4-5\r\n").status(), 200);
  EXPECT_EQ(ask("HEAD", "/notes.txt", "Range: bytes=2-4\r\n").status(), 200);
}

TEST_F(StaticFilesTest, IfRangeGivesTheWholeWhenTheFileChanged) {
  const Answer first = get("/notes.txt");
  const std::string etag(first.header("ETag"));
  const std::string date(first.header("Last-Modified"));
  EXPECT_EQ(get("/notes.txt", "Range: bytes=0-1\r\nIf-Range: " + etag + "\r\n").status(), 206);
  EXPECT_EQ(get("/notes.txt", "Range: bytes=0-1\r\nIf-Range: " + date + "\r\n").status(), 206);
  EXPECT_EQ(get("/notes.txt", "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n").status(), 200);
  EXPECT_EQ(get("/notes.txt", "Range: bytes=0-1\r\nIf-Range: W/" + etag + "\r\n").status(), 200);
}

TEST_F(StaticFilesTest, BigFilesAreReadInPieces) {
  std::string big(100'000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 % 251);
  write("big.bin", big);
  EXPECT_EQ(get("/big.bin").body, big);
  EXPECT_EQ(get("/big.bin", "Range: bytes=50000-99998\r\n").body, big.substr(50'000, 49'999));
  write("empty.txt", "");
  EXPECT_EQ(get("/empty.txt").status(), 200);
}

TEST_F(StaticFilesTest, APageOfTheApplicationFallsBackToItsIndex) {
  EXPECT_EQ(get("/trips/42", "Accept: text/html,application/xhtml+xml\r\n").body, "<p>home");
  EXPECT_EQ(get("/trips/42", "Accept: */*\r\n").status(), 404);
  EXPECT_EQ(get("/trips/42").status(), 404);
  EXPECT_EQ(get("/missing.js", "Accept: text/html\r\n").status(), 404);
  EXPECT_EQ(ask("HEAD", "/trips/42", "Accept: text/html\r\n").status(), 404);
}

TEST_F(StaticFilesTest, OnlyGetAndHeadAreAllowed) {
  const Answer post = ask("POST", "/", "Content-Length: 0\r\n");
  EXPECT_EQ(post.status(), 405);
  EXPECT_EQ(post.header("Allow"), "GET, HEAD");
  EXPECT_EQ(ask("HEAD", "/").status(), 200);
}

TEST_F(StaticFilesTest, AMissingRootIsNamed) {
  const auto files = StaticFiles::open({.root = "/nowhere/at/all"});
  ASSERT_FALSE(files.has_value());
  EXPECT_NE(files.error().find("/nowhere/at/all"), std::string::npos);
}

TEST(FileCache, DropsTheLeastRecentlyUsed) {
  const auto content = std::make_shared<const std::string>(1000, 'a');
  FileCache cache(2500);
  cache.insert("a", content);
  cache.insert("b", content);
  EXPECT_NE(cache.find("a"), nullptr);
  cache.insert("c", content);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  EXPECT_LE(cache.bytes(), 2500U);
  cache.insert("huge", std::make_shared<const std::string>(3000, 'a'));
  EXPECT_EQ(cache.find("huge"), nullptr);
}

}  // namespace
}  // namespace tidewire::http
