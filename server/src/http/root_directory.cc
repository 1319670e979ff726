#include "http/root_directory.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tidewire::http {
namespace {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

bool is_allowed_segment(std::string_view segment) {
  if (segment.empty() || segment.find_first_of(std::string_view("\\\0", 2)) != segment.npos)
    return false;
  return segment.front() != '.' || segment == ".well-known";
}

bool is_allowed_path(std::string_view path) {
  if (path.empty() || path.size() > 1024) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    if (!is_allowed_segment(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

int open_beneath(int root, const std::string& path) {
  struct open_how how{};
  how.flags = kReadFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

/// For kernels and sandboxes without openat2: one directory after the other, no links at all.
int open_stepwise(int root, std::string_view path) {
  int directory = root;
  while (true) {
    const std::size_t slash = path.find('/');
    const bool last = slash == std::string_view::npos;
    const int flags = kReadFlags | O_NOFOLLOW | (last ? 0 : O_DIRECTORY);
    const int next = ::openat(directory, std::string(path.substr(0, slash)).c_str(), flags);
    if (directory != root) ::close(directory);
    if (next < 0 || last) return next;
    directory = next;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

OpenFile::OpenFile(int descriptor, const struct stat& info)
    : descriptor_(descriptor),
      size_(static_cast<std::uint64_t>(info.st_size)),
      modified_ns_(info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec),
      inode_(info.st_ino) {}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : descriptor_(other.take()),
      size_(other.size_),
      modified_ns_(other.modified_ns_),
      inode_(other.inode_) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  size_ = other.size_;
  modified_ns_ = other.modified_ns_;
  inode_ = other.inode_;
  return *this;
}

std::string OpenFile::identity() const {
  return std::to_string(inode_) + '-' + std::to_string(size_) + '-' + std::to_string(modified_ns_);
}

std::optional<std::string> OpenFile::read_all() const {
  std::string bytes(size_, '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t part =
        ::pread(descriptor_, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return std::nullopt;
    at += static_cast<std::size_t>(part);
  }
  return bytes;
}

std::expected<RootDirectory, std::string> RootDirectory::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return std::unexpected("cannot serve files from " + path + ": " + std::strerror(errno));
  return RootDirectory(descriptor);
}

RootDirectory::~RootDirectory() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RootDirectory::RootDirectory(RootDirectory&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

RootDirectory& RootDirectory::operator=(RootDirectory&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

std::optional<OpenFile> RootDirectory::open_file(std::string_view path) const {
  if (!is_allowed_path(path)) return std::nullopt;
  int descriptor = open_beneath(descriptor_, std::string(path));
  if (descriptor < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
    descriptor = open_stepwise(descriptor_, path);
  if (descriptor < 0) return std::nullopt;
  struct stat info{};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    return std::nullopt;
  }
  return OpenFile(descriptor, info);
}

}  // namespace tidewire::http
