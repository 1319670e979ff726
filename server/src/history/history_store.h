#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "history/channel_history.h"
#include "protocol/error.h"

namespace tidewire {

/// A channel as a store knows it, from open() on: its name and the life that its offsets count in.
struct StoredChannel {
  StoredChannel(std::string named, std::string life)
      : name(std::move(named)), epoch(std::move(life)) {}
  virtual ~StoredChannel() = default;
  StoredChannel(const StoredChannel&) = delete;
  StoredChannel& operator=(const StoredChannel&) = delete;

  const std::string name;
  const std::string epoch;
};
using StoredChannelPtr = std::shared_ptr<StoredChannel>;

/// What a channel keeps of its stream: a publication is kept while it passes all three.
struct KeptRange {
  std::uint64_t first_offset = 1;    // count: those before it are gone
  std::uint64_t bytes_before = 0;    // bytes: those whose running total is at most this are gone
  WallMillis oldest_ts = INT64_MIN;  // age: those of before are gone

  [[nodiscard]] bool keeps(std::uint64_t offset, std::uint64_t total, WallMillis ts) const {
    return offset >= first_offset && total > bytes_before && ts >= oldest_ts;
  }
};

/// A publish with a key that was taken.
struct StoredKey {
  std::string user_id;
  std::string key;
  std::uint64_t offset = 0;
  WallMillis expires_at = 0;
};

/// One key of the channel's shared state.
struct StoredState {
  std::string key;
  std::string json;
  std::uint64_t version = 0;
  WallMillis expires_at = 0;  // 0: never
  PublicationSender from;     // who wrote it
};

/// How far one consumer has come; what `body` says is the consumer's matter.
struct StoredCursor {
  std::string consumer;
  std::uint64_t offset = 0;
  std::string body;
};

/// How much of a channel open() brings.
struct OpenLimits {
  std::size_t count_max = 1'000;
  std::size_t bytes_max = 1 << 20;
  std::size_t keys_max = 10'000;
  WallMillis now = 0;  // keys and state that have expired by now do not come
};

/// What a channel was when it was last used; a channel that never was has a fresh epoch and
/// nothing else.
struct ChannelLife {
  StoredChannelPtr channel;
  std::uint64_t top = 0;
  std::uint64_t bytes_total = 0;       // of all publications there ever were
  std::uint64_t first_offset = 0;      // of what is kept; 0: nothing is
  std::uint64_t state_version = 0;     // the highest there ever was
  std::vector<PublicationPtr> newest;  // a part of what is kept, up to the top, oldest first
  std::vector<StoredKey> keys;         // oldest first
  std::vector<StoredState> state;
  std::vector<StoredCursor> cursors;
};

/// The next publication of the stream. `total`: bytes_total with it.
struct AppendChange {
  PublicationPtr publication;
  std::uint64_t total = 0;
  WallMillis expires_at = 0;  // when its channel has no use for it any more
  std::string key;            // that its sender must not use again; empty: none
  WallMillis key_expires_at = 0;
};
struct StateSetChange {
  StoredState value;
};
struct StateEraseChange {
  std::string key;
  std::uint64_t version = 0;  // of the erasure
};
struct CursorChange {
  StoredCursor cursor;
};
struct CursorEraseChange {
  std::string consumer;
};
using StoreChange =
    std::variant<AppendChange, StateSetChange, StateEraseChange, CursorChange, CursorEraseChange>;

/// Which stored publications a caller wants.
struct StoreRead {
  std::uint64_t first = 1;  // offsets, both included
  std::uint64_t last = UINT64_MAX;
  std::size_t limit = 0;
  bool reverse = false;  // from the last down
  KeptRange kept;
};

/// Where the channels of one shard are kept beyond their time in memory.
///
/// Owner:  the server; outlives the shard's Node.
/// Thread: the shard's. Every answer comes on it too, at once or in a later task.
/// Order:  changes take effect in the order of write(), and are answered in that order. Opening
///         and reading see what was answered.
/// Errors: when a change fails, every change that this shard has waiting fails with it, in order
///         and before write() takes another, so that nothing is written on top of what is not
///         there. All errors are retryable: `unavailable` names the store's fault.
class HistoryStore {
 public:
  using Done = std::move_only_function<void(const std::expected<void, Error>&)>;
  using ReadDone = std::move_only_function<void(std::expected<std::vector<PublicationPtr>, Error>)>;

  virtual ~HistoryStore() = default;

  /// Looks a channel up, at once: called when a channel is first used, never for a message.
  [[nodiscard]] virtual std::expected<ChannelLife, Error> open(const std::string& channel,
                                                               const OpenLimits& limits) = 0;
  /// Takes a change; `done` is called when it will survive, or will not. An error here means that
  /// the change was not taken and `done` is never called: `overloaded` when the queue is full.
  [[nodiscard]] virtual std::expected<void, Error> write(const StoredChannelPtr& channel,
                                                         StoreChange change, Done done) = 0;
  /// Publications that were answered, in the order asked for. `limit` bounds them.
  virtual void read(const StoredChannelPtr& channel, const StoreRead& wanted, ReadDone done) = 0;
  /// What is outside of `kept` may go, and the keys that have expired by `now`.
  virtual void trim(const StoredChannelPtr& channel, const KeptRange& kept, WallMillis now) = 0;
  /// The channel leaves memory. What of it survives is the store's matter.
  virtual void close(const StoredChannelPtr& channel) = 0;

  /// False: the store holds what the channels hold in memory, and no more.
  [[nodiscard]] virtual bool outlives_memory() const = 0;
};

}  // namespace tidewire
