#pragma once

#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "protocol/error.h"

namespace tidewire {

struct TransferLimits {
  std::size_t bytes_max = 512 * 1024;  // of one transfer; 0: none are taken
  std::size_t per_user = 4;
  std::size_t memory_max = 64 * 1024 * 1024;  // announced bytes of all transfers of one shard
  std::int64_t ttl_ms = 60'000;               // since the last piece
};

/// How far a transfer is.
struct TransferProgress {
  std::uint64_t next_index = 1;
  std::uint64_t received = 0;  // bytes
  bool duplicate = false;      // the piece was there already
};

/// Messages that arrive in pieces because they are larger than a message may be.
///
/// Owner:  one TransferDesk; one instance a shard, for the users whose home it is. Thread: its.
/// Names:  a transfer belongs to its user, not to a connection, so that it goes on after a
/// reconnect. Limit:  TransferLimits. begin() past one is refused; a piece that is too much is
/// refused and the
///         transfer stays. One without a new piece for `ttl_ms` is forgotten.
class TransferTable {
 public:
  explicit TransferTable(const TransferLimits& limits) : limits_(limits) {}

  /// Announces a transfer, or asks how far one is. Errors: unsupported, message_too_large,
  /// limit_exceeded, overloaded; conflict when it was announced with another size.
  [[nodiscard]] std::expected<TransferProgress, Error> begin(std::string_view user,
                                                             std::string_view id,
                                                             std::uint64_t size, MonoMillis now);
  /// Errors: not_found; stream_gap naming the expected index; invalid_message past the size.
  [[nodiscard]] std::expected<TransferProgress, Error> add(std::string_view user,
                                                           std::string_view id, std::uint64_t index,
                                                           std::string_view data, MonoMillis now);
  /// Takes the whole text out. Errors: not_found; stream_gap when a piece is missing.
  [[nodiscard]] std::expected<std::string, Error> finish(std::string_view user,
                                                         std::string_view id);

  void expire(MonoMillis now);
  /// When expire() has something to do.
  [[nodiscard]] std::optional<MonoMillis> next_due() const;
  [[nodiscard]] std::size_t open() const { return by_age_.size(); }

 private:
  struct Transfer {
    std::string user;
    std::string id;
    std::string text;
    std::uint64_t size = 0;
    std::uint64_t next_index = 1;
    MonoMillis due = 0;
  };
  using AgeList = std::list<Transfer>;  // the next to expire first
  using OfUser = std::map<std::string, AgeList::iterator, std::less<>>;

  [[nodiscard]] AgeList::iterator find(std::string_view user, std::string_view id);
  [[nodiscard]] std::optional<Error> refusal(std::string_view user, std::uint64_t size) const;
  void touch(AgeList::iterator transfer, MonoMillis now);
  void erase(AgeList::iterator transfer);

  TransferLimits limits_;
  AgeList by_age_;
  std::unordered_map<std::string, OfUser> users_;
  std::size_t announced_ = 0;
};

}  // namespace tidewire
