#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/file_cache.h"
#include "http/request.h"
#include "http/response.h"
#include "http/root_directory.h"

namespace tidewire::http {

struct StaticFilesOptions {
  std::string root;                                   // a directory
  bool spa_fallback = true;                           // unknown pages get /index.html
  std::size_t cached_bytes_max = 32UL * 1024 * 1024;  // all cached files together
  std::size_t cached_file_bytes_max = 512UL * 1024;   // a bigger file is sent from disk in pieces
};

/// Answers GET and HEAD from the files below one directory, as a CDN wants it of an origin.
///
/// Caching:  strong ETag and Last-Modified; `immutable` for names that carry a content hash
///           (assets/app-B3xY90ab.js), no-cache for pages, an hour for the rest.
/// Variants: a `.br` or `.gz` file beside the original is sent when Accept-Encoding prefers it.
/// Ranges:   one range a request (206, 416, If-Range); several are answered with the whole file.
/// Safety:   no path leaves the root, by dots, escapes or links; hidden files do not exist, save
///           /.well-known.
/// Thread:   one shard; each shard opens its own.
class StaticFiles {
 public:
  [[nodiscard]] static std::expected<StaticFiles, std::string> open(
      const StaticFilesOptions& options);

  [[nodiscard]] Response respond(const Request& request);

 private:
  StaticFiles(const StaticFilesOptions& options, RootDirectory root);

  struct Found;
  [[nodiscard]] std::optional<Found> find(const Request& request);
  [[nodiscard]] std::optional<Found> find_path(std::string_view path, const Request& request);
  [[nodiscard]] bool falls_back(const Request& request) const;
  [[nodiscard]] Response with_body(Response response, const Request& request, Found& found,
                                   std::string_view etag);
  [[nodiscard]] std::unique_ptr<BodySource> read(Found& found, std::uint64_t offset,
                                                 std::uint64_t size);

  StaticFilesOptions options_;
  RootDirectory root_;
  FileCache cache_;
};

}  // namespace tidewire::http
