#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidewire::http {

/// The contents of small files, the least recently used dropped first.
///
/// Key:   the file's identity, so that a changed file is simply another entry.
/// Limit: bytes_max over all contents and keys; a content that alone exceeds it is not kept.
class FileCache {
 public:
  using Content = std::shared_ptr<const std::string>;

  explicit FileCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// The content, or null.
  [[nodiscard]] Content find(const std::string& key);
  void insert(const std::string& key, Content content);
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    Content content;
  };
  static std::size_t cost(const Entry& entry) {
    return entry.key.size() + entry.content->size() + sizeof(Entry);
  }
  void drop_oldest();

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;
};

}  // namespace tidewire::http
