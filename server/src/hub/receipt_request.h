#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "protocol/envelope.h"
#include "protocol/stream_position.h"

namespace tidewire {

/// What a publisher is told: who has passed its event.
struct ReceiptResult {
  StreamPosition position;
  ReceiptKind kind = ReceiptKind::delivered;
  std::uint64_t count = 0;
  std::vector<std::string> consumers;  // at most ChannelReceipts::kNamesMax of them
  bool complete = false;               // false: the time ran out
};

/// A publisher's wish to be told, which travels with its publish. `done` is called once, on the
/// channel's owner shard; not at all when the same connection waits for the same event already.
struct ReceiptWish {
  ReceiptAsk ask;
  std::move_only_function<void(ReceiptResult)> done;
  std::string connection_id = {};  // of the publisher
};

/// The wish for an event that was published before.
struct ReceiptWatch {
  std::string channel;
  StreamPosition position;
  std::string publisher;  // user id
  std::shared_ptr<ReceiptWish> wish;

  /// Nobody will be watched.
  void give_up() const { wish->done({.position = position, .kind = wish->ask.kind}); }
};

/// A consumer has moved on.
struct ReceiptMove {
  std::string channel;
  std::string user_id;
  StreamPosition delivered;
  std::uint64_t read = 0;
};

/// How far a consumer is, as `receipts` tells it.
struct ReceiptEntry {
  std::string user_id;
  std::uint64_t delivered = 0;
  std::uint64_t read = 0;
};

struct ReceiptList {
  std::string epoch;
  std::vector<ReceiptEntry> consumers;
};

}  // namespace tidewire
