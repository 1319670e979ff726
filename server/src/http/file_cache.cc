#include "http/file_cache.h"

#include <utility>

namespace tidewire::http {

FileCache::Content FileCache::find(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->content;
}

void FileCache::insert(const std::string& key, Content content) {
  Entry entry{key, std::move(content)};
  if (cost(entry) > bytes_max_ || index_.contains(key)) return;
  bytes_ += cost(entry);
  entries_.push_front(std::move(entry));
  index_.emplace(entries_.front().key, entries_.begin());
  while (bytes_ > bytes_max_) drop_oldest();
}

void FileCache::drop_oldest() {
  const Entry& oldest = entries_.back();
  bytes_ -= cost(oldest);
  index_.erase(oldest.key);
  entries_.pop_back();
}

}  // namespace tidewire::http
