#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct z_stream_s;

namespace tidewire::bench {

/// Inflates messages of permessage-deflate without context takeover. The members of a room get the
/// same bytes, so each message is inflated once and then recognised: a client that checks
/// everything stays cheaper than the server.
class SharedInflater {
 public:
  SharedInflater();
  ~SharedInflater();
  SharedInflater(const SharedInflater&) = delete;
  SharedInflater& operator=(const SharedInflater&) = delete;

  /// Valid until the next call; nullopt when `payload` is not what it should be, or inflates to
  /// more than 1 MiB.
  std::optional<std::string_view> inflate(std::string_view payload);
  /// Whether there was any compressed message.
  [[nodiscard]] bool used() const { return stream_ != nullptr; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unique_ptr<z_stream_s> stream_;  // made at the first message
  std::string buffer_;
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> known_;
};

}  // namespace tidewire::bench
