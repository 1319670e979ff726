#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::http {

/// The bytes of a response body, pulled by the connection when its socket can take more.
///
/// Owner:  the Response, then the connection that sends it.
/// Thread: the connection's shard.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Bytes in all; the response's Content-Length.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Copies the next bytes into `out` and says how many; 0 at the end. nullopt: the file failed or
  /// shrank; the connection must be cut, since Content-Length was already promised.
  [[nodiscard]] virtual std::optional<std::size_t> read(std::span<char> out) = 0;
};

/// A part of bytes in memory that others share, such as a cached file.
class MemoryBody final : public BodySource {
 public:
  MemoryBody(std::shared_ptr<const std::string> bytes, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] std::optional<std::size_t> read(std::span<char> out) override;

 private:
  std::shared_ptr<const std::string> bytes_;
  std::uint64_t offset_;
  std::uint64_t size_;
  std::uint64_t sent_ = 0;
};

/// A part of an open file, read in pieces. Reads are from the page cache as a rule; a read that
/// must wait for a disk stalls its shard, so put big cold files behind a CDN.
class FileBody final : public BodySource {
 public:
  /// Takes over `descriptor` and closes it.
  FileBody(int descriptor, std::uint64_t offset, std::uint64_t size);
  ~FileBody() override;
  FileBody(const FileBody&) = delete;
  FileBody& operator=(const FileBody&) = delete;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] std::optional<std::size_t> read(std::span<char> out) override;

 private:
  int descriptor_;
  std::uint64_t offset_;
  std::uint64_t size_;
  std::uint64_t sent_ = 0;
};

}  // namespace tidewire::http
