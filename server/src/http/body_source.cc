#include "http/body_source.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

namespace tidewire::http {
namespace {

std::size_t part_of(std::uint64_t left, std::span<char> out) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(left, out.size()));
}

}  // namespace

MemoryBody::MemoryBody(std::shared_ptr<const std::string> bytes, std::uint64_t offset,
                       std::uint64_t size)
    : bytes_(std::move(bytes)), offset_(offset), size_(size) {
  assert(offset_ + size_ <= bytes_->size());
}

std::optional<std::size_t> MemoryBody::read(std::span<char> out) {
  const std::size_t part = part_of(size_ - sent_, out);
  if (part > 0) std::memcpy(out.data(), bytes_->data() + offset_ + sent_, part);
  sent_ += part;
  return part;
}

FileBody::FileBody(int descriptor, std::uint64_t offset, std::uint64_t size)
    : descriptor_(descriptor), offset_(offset), size_(size) {}

FileBody::~FileBody() { ::close(descriptor_); }

std::optional<std::size_t> FileBody::read(std::span<char> out) {
  const std::size_t part = part_of(size_ - sent_, out);
  if (part == 0) return 0;
  ssize_t bytes = 0;
  do {
    bytes = ::pread(descriptor_, out.data(), part, static_cast<off_t>(offset_ + sent_));
  } while (bytes < 0 && errno == EINTR);
  if (bytes <= 0) return std::nullopt;
  sent_ += static_cast<std::uint64_t>(bytes);
  return static_cast<std::size_t>(bytes);
}

}  // namespace tidewire::http
