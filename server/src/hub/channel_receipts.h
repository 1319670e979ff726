#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/channel_scope.h"
#include "hub/publish_request.h"

namespace tidewire {

/// How far each consumer of one channel is: one pair of cursors a user, and the publishers that
/// wait for them.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  ChannelLimits::receipt_consumers cursors; the user who is not subscribed and has been
///         idle longest goes first, and when all are subscribed a new one is not kept. kWaitsMax
///         waits; past it a publish that asks for one is refused. kChangesMax events a kPeriodMs
///         tell of moved cursors, so that what N consumers acknowledge costs N and not N * N.
/// Store:  a cursor is written when it is told of, so at that pace; what moved since is lost with
/// the
///         process, and the consumer's next ack brings it back.
/// Time:   wakes by ChannelScope::wake_at; a wait ends after ChannelLimits::receipt_timeout_ms.
class ChannelReceipts {
 public:
  static constexpr std::size_t kWaitsMax = 64;  // one bit each in Cursor::owes
  static constexpr std::size_t kNamesMax = 100;
  static constexpr std::size_t kChangesMax = 10;
  static constexpr MonoMillis kPeriodMs = 100;

  /// `stored`: the cursors of an earlier life of the channel.
  ChannelReceipts(const ChannelScope& scope, const std::vector<StoredCursor>& stored);

  void join(std::string_view user_id);
  void leave(std::string_view user_id);

  /// Why a publish that asks for a receipt cannot be taken, if so.
  [[nodiscard]] std::optional<Error> refusal() const;
  /// `publisher`'s event has its place; from now on its wish is watched.
  void watch(const StreamPosition& position, std::string publisher,
             std::shared_ptr<ReceiptWish> wish);

  /// Moves forward only. `top`: the stream as it stands; what does not fit to it is ignored.
  void move(const ReceiptMove& move, const StreamPosition& top);

  /// Those that have passed `offset`.
  [[nodiscard]] std::vector<ReceiptEntry> passed(std::uint64_t offset) const;
  void add_to(std::vector<PublicationPtr>& snapshot);

  /// Does what is due and says when it wants to be called again.
  std::optional<MonoMillis> run_due();

  [[nodiscard]] std::size_t size() const { return cursors_.size(); }
  [[nodiscard]] std::size_t waits() const { return open_; }

 private:
  struct Cursor {
    std::string user_id;
    std::uint64_t delivered = 0;
    std::uint64_t read = 0;
    std::uint64_t owes = 0;  // the waits for `all` that lack this user, by slot
    std::size_t subscriptions = 0;
    bool dirty = false;    // moved since `shown` was made
    PublicationPtr shown;  // the newest event that tells of it
    [[nodiscard]] std::uint64_t at(ReceiptKind kind) const {
      return kind == ReceiptKind::read ? read : delivered;
    }
  };
  using Place = std::list<Cursor>::iterator;
  struct Wait {
    StreamPosition position;
    std::string publisher;
    std::shared_ptr<ReceiptWish> wish;
    std::uint64_t missing = 0;
    MonoMillis due = 0;
  };

  Cursor* find_or_make(std::string_view user_id);
  void check_waits(const Cursor& before, Cursor& now);
  [[nodiscard]] bool waits_already(const StreamPosition& position, const ReceiptWish& wish) const;
  void begin(std::size_t slot);
  void finish(std::size_t slot, bool complete);
  [[nodiscard]] ReceiptResult result_of(const Wait& wait) const;
  void show(Cursor& cursor);
  void tell_changes();
  void store(const Cursor& cursor) const;
  void evict();

  const ChannelScope& scope_;
  std::list<Cursor> subscribed_;
  std::list<Cursor> idle_;  // the most recently active first
  std::unordered_map<std::string_view, Place> cursors_;
  std::deque<std::string> dirty_;  // user ids, the longest waiting first
  MonoMillis told_at_ = -kPeriodMs;
  std::vector<std::optional<Wait>> waits_;  // by slot
  std::size_t open_ = 0;
};

}  // namespace tidewire
