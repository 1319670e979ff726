#include "http/static_files.h"

#include <utility>
#include <variant>

#include "http/accept_encoding.h"
#include "http/characters.h"
#include "http/etag.h"
#include "http/http_date.h"
#include "http/mime.h"
#include "http/preconditions.h"
#include "http/range.h"

namespace tidewire::http {
namespace {

constexpr std::string_view kPage = "index.html";
constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";

std::string_view cache_control(std::string_view path, std::string_view type) {
  if (type.starts_with("text/html")) return "no-cache";
  return has_content_hash(path) ? kImmutable : "public, max-age=3600";
}

std::string_view suffix_of(std::string_view coding) { return coding == "br" ? ".br" : ".gz"; }

Response not_found() {
  Response response(404);
  response.body("text/plain; charset=utf-8", "not found\n")
      .set("X-Content-Type-Options", "nosniff")
      .set("Cache-Control", "no-cache");
  return response;
}

bool wants_html(const Request& request) {
  const std::string accept = request.joined("Accept");
  std::string_view list = accept;
  for (std::string_view element = next_element(list); !element.empty();
       element = next_element(list))
    if (same_token(trimmed(element.substr(0, element.find(';'))), "text/html")) return true;
  return false;
}

}  // namespace

/// The representation that answers a request: a file, or its compressed variant.
struct StaticFiles::Found {
  OpenFile file;
  std::string path;         // of the original, which decides type and caching
  std::string_view coding;  // "identity", "br" or "gzip"
  bool varies = false;      // other codings of it exist

  /// Two codings of one file are two representations, so their tags differ.
  [[nodiscard]] std::string key() const { return file.identity() + '-' + std::string(coding); }
};

StaticFiles::StaticFiles(const StaticFilesOptions& options, RootDirectory root)
    : options_(options), root_(std::move(root)), cache_(options.cached_bytes_max) {}

std::expected<StaticFiles, std::string> StaticFiles::open(const StaticFilesOptions& options) {
  auto root = RootDirectory::open(options.root);
  if (!root) return std::unexpected(root.error());
  return StaticFiles(options, std::move(*root));
}

Response StaticFiles::respond(const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return method_not_allowed("GET, HEAD");
  std::optional<Found> found = find(request);
  if (!found) return not_found();

  const std::string etag = make_etag(found->key());
  const std::string_view type = mime_type(found->path);
  Response response(check_preconditions(request, etag, found->file.modified_s()));
  response.set("ETag", etag)
      .set("Last-Modified", format_http_date(found->file.modified_s()))
      .set("Cache-Control", cache_control(found->path, type))
      .set("X-Content-Type-Options", "nosniff")
      .set("Accept-Ranges", "bytes");
  if (found->varies) response.set("Vary", "Accept-Encoding");
  if (response.status() != 200) return response;
  response.set("Content-Type", type);
  if (found->coding != "identity") response.set("Content-Encoding", found->coding);
  return with_body(std::move(response), request, *found, etag);
}

Response StaticFiles::with_body(Response response, const Request& request, Found& found,
                                std::string_view etag) {
  const std::uint64_t size = found.file.size();
  ByteRange part{0, size};
  if (range_applies(request, etag, found.file.modified_s())) {
    const RangeChoice choice = choose_range(*request.header("Range"), size);
    if (std::holds_alternative<NoSuchRange>(choice)) {
      response.set_status(416).set("Content-Range", "bytes */" + std::to_string(size));
      return response;
    }
    if (const auto* range = std::get_if<ByteRange>(&choice)) {
      part = *range;
      response.set_status(206).set("Content-Range",
                                   "bytes " + std::to_string(part.offset) + '-' +
                                       std::to_string(part.offset + part.size - 1) + '/' +
                                       std::to_string(size));
    }
  }
  std::unique_ptr<BodySource> body = read(found, part.offset, part.size);
  if (body == nullptr) return not_found();
  response.body(std::move(body));
  return response;
}

std::optional<StaticFiles::Found> StaticFiles::find(const Request& request) {
  std::string path = request.path.substr(1);
  if (path.empty() || path.ends_with('/')) path += kPage;
  std::optional<Found> found = find_path(path, request);
  if (!found && falls_back(request)) found = find_path(kPage, request);
  return found;
}

std::optional<StaticFiles::Found> StaticFiles::find_path(std::string_view path,
                                                         const Request& request) {
  std::optional<OpenFile> original = root_.open_file(path);
  if (!original) return std::nullopt;
  std::vector<std::string_view> available;
  std::vector<OpenFile> variants;
  for (std::string_view coding : {"br", "gzip"}) {
    std::optional<OpenFile> variant = root_.open_file(std::string(path).append(suffix_of(coding)));
    if (!variant || variant->modified_s() < original->modified_s()) continue;  // stale build output
    available.push_back(coding);
    variants.push_back(std::move(*variant));
  }
  const std::string_view coding = choose_coding(request.joined("Accept-Encoding"), available);
  Found found{std::move(*original), std::string(path), coding, !available.empty()};
  for (std::size_t i = 0; i < available.size(); ++i)
    if (available[i] == coding) found.file = std::move(variants[i]);
  return found;
}

/// A page of a single-page application has a path of its own but no file: the application's one
/// page answers, to browsers that ask for a page, and never for what looks like a file.
bool StaticFiles::falls_back(const Request& request) const {
  const std::string_view path = request.path;
  const bool names_file = path.substr(path.rfind('/') + 1).contains('.');
  return options_.spa_fallback && request.method == "GET" && !names_file && wants_html(request);
}

std::unique_ptr<BodySource> StaticFiles::read(Found& found, std::uint64_t offset,
                                              std::uint64_t size) {
  if (found.file.size() > options_.cached_file_bytes_max)
    return std::make_unique<FileBody>(found.file.take(), offset, size);
  const std::string key = found.key();
  FileCache::Content content = cache_.find(key);
  if (content == nullptr) {
    std::optional<std::string> bytes = found.file.read_all();
    if (!bytes) return nullptr;
    content = std::make_shared<const std::string>(std::move(*bytes));
    cache_.insert(key, content);
  }
  return std::make_unique<MemoryBody>(std::move(content), offset, size);
}

}  // namespace tidewire::http
