#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>

namespace tidewire::http {

/// A regular file that is open for reading. Closes its descriptor unless it was taken.
class OpenFile {
 public:
  OpenFile(int descriptor, const struct stat& info);
  ~OpenFile();
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] int take() { return std::exchange(descriptor_, -1); }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::int64_t modified_s() const { return modified_ns_ / 1'000'000'000; }
  /// Changes whenever the content may have changed: inode, size and modification time.
  [[nodiscard]] std::string identity() const;
  [[nodiscard]] std::optional<std::string> read_all() const;

 private:
  int descriptor_;
  std::uint64_t size_;
  std::int64_t modified_ns_;
  std::uint64_t inode_;
};

/// A directory below which files may be opened, and nothing outside it: the kernel itself refuses
/// to leave it (openat2 with RESOLVE_BENEATH); where it cannot, no link is followed at all.
///
/// Thread: any one.
class RootDirectory {
 public:
  [[nodiscard]] static std::expected<RootDirectory, std::string> open(const std::string& path);
  ~RootDirectory();
  RootDirectory(RootDirectory&& other) noexcept;
  RootDirectory& operator=(RootDirectory&& other) noexcept;

  /// Opens the regular file at `path`, which is relative ("assets/app.js"). Refuses "..", hidden
  /// names save .well-known, backslashes, NUL, and whatever is no regular file.
  [[nodiscard]] std::optional<OpenFile> open_file(std::string_view path) const;

 private:
  explicit RootDirectory(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace tidewire::http
