#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "protocol/error.h"

namespace tidewire {

struct StateLimits {
  std::size_t keys_max = 1'000;
  std::size_t value_bytes_max = 64 * 1024;
  std::size_t bytes_max = 256 * 1024;  // keys and values together
};

/// One key's value, raw JSON, and the version of the change that gave it.
struct StateValue {
  std::string json;
  std::uint64_t version = 0;
  WallMillis expires_at = 0;  // 0: never
};

/// The shared state of one channel (protocol.md, "Shared state").
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  StateLimits; past it set() is refused with `limit_exceeded` and changes nothing.
/// Rule:   one counter numbers the changes of all keys, so that a key that was deleted and made
///         again never has a version twice, without a trace of the deleted ones being kept.
class StateTable {
 public:
  /// The first change gets the version after `last_version`.
  explicit StateTable(const StateLimits& limits, std::uint64_t last_version = 0)
      : limits_(limits), last_version_(last_version) {}

  /// nullptr: no such key.
  [[nodiscard]] const StateValue* find(std::string_view key) const;

  /// Writes `key` and says its new version. `if_version` must be the key's present one, 0 meaning
  /// that there is no such key; else `conflict`, with what is there as `current`.
  /// It is due at `expires_at`; 0: never.
  [[nodiscard]] std::expected<std::uint64_t, Error> set(std::string_view key, std::string_view json,
                                                        std::optional<std::uint64_t> if_version,
                                                        WallMillis expires_at = 0);

  /// Why set() would refuse; nullopt: it would not.
  [[nodiscard]] std::optional<Error> set_refusal(std::string_view key, std::string_view json,
                                                 std::optional<std::uint64_t> if_version) const;
  [[nodiscard]] std::optional<Error> erase_refusal(std::string_view key,
                                                   std::optional<std::uint64_t> if_version) const;
  /// What an earlier life of the channel had; `version` is at most last_version().
  void restore(std::string_view key, std::string_view json, std::uint64_t version,
               WallMillis expires_at);

  /// Removes `key` and says the version of that change; `not_found` when there is none.
  [[nodiscard]] std::expected<std::uint64_t, Error> erase(std::string_view key,
                                                          std::optional<std::uint64_t> if_version);

  /// The keys that are due by `now`.
  [[nodiscard]] std::vector<std::string> due(WallMillis now) const;
  /// When the first is due that is not due by `now`.
  [[nodiscard]] std::optional<WallMillis> next_due(WallMillis now) const;

  [[nodiscard]] const std::map<std::string, StateValue, std::less<>>& all() const {
    return values_;
  }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t last_version() const { return last_version_; }

 private:
  [[nodiscard]] std::optional<Error> refusal(std::string_view key,
                                             std::optional<std::uint64_t> if_version) const;
  StateValue& put(std::string_view key, std::string_view json, WallMillis expires_at);

  StateLimits limits_;
  std::map<std::string, StateValue, std::less<>> values_;
  std::set<std::pair<WallMillis, std::string>> due_;  // of the keys that expire
  std::size_t bytes_ = 0;
  std::uint64_t last_version_;
};

}  // namespace tidewire
