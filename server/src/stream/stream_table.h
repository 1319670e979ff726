#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stream/message_stream.h"

namespace tidewire {

struct StreamLimits {
  std::size_t growing_max = 64;             // per channel
  std::size_t text_bytes_max = 256 * 1024;  // per message
  std::size_t remembered_max = 256;         // finished messages whose repeats are still known
  std::int64_t idle_ms_max = 60'000;        // without a piece, then the message is interrupted
};

/// What one piece did.
struct StreamPiece {
  bool duplicate = false;
  std::uint64_t index = 0;
};

/// The growing messages of one channel, and which messages have just ended.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  StreamLimits; past growing_max a new message is refused with `limit_exceeded`.
class StreamTable {
 public:
  explicit StreamTable(const StreamLimits& limits) : limits_(limits) {}

  /// Folds one piece in. Only the user who began a message may add to it.
  std::expected<StreamPiece, Error> append(std::string_view message_id, std::string_view producer,
                                           std::uint64_t index, std::string_view content,
                                           WallMillis now);

  /// The growing message, or nullptr.
  [[nodiscard]] const MessageStream* find(std::string_view message_id) const;

  /// Whether the message is one of the last remembered_max that ended.
  [[nodiscard]] bool has_ended(std::string_view message_id) const;

  /// Ends a message and gives it away; later repeats of its pieces are duplicates.
  std::unique_ptr<MessageStream> finish(std::string_view message_id);

  /// The messages that have had no piece for idle_ms_max.
  [[nodiscard]] std::vector<std::string> abandoned(WallMillis now) const;

  [[nodiscard]] std::vector<const MessageStream*> growing() const;
  [[nodiscard]] bool empty() const { return growing_.empty(); }
  [[nodiscard]] std::size_t size() const { return growing_.size(); }

 private:
  struct Finished {
    std::string message_id;
    std::uint64_t pieces;
  };

  StreamLimits limits_;
  std::map<std::string, std::unique_ptr<MessageStream>, std::less<>> growing_;
  std::deque<Finished> finished_;
};

}  // namespace tidewire
