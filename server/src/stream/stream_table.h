#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stream/message_stream.h"

namespace tidewire {

/// What one piece did.
struct StreamPiece {
  bool duplicate = false;
  std::uint64_t index = 0;
  MessageStream* stream = nullptr;  // unless it is a duplicate
};

/// How a message that no longer grows has ended.
enum class StreamEnd : std::uint8_t { complete, cancelled, interrupted };

[[nodiscard]] std::string_view to_name(StreamEnd end);

struct EndedStream {
  std::string message_id;
  std::string producer;  // user id
  std::uint64_t generation = 0;
  std::uint64_t pieces = 0;
  StreamEnd end = StreamEnd::complete;
};

/// The growing messages of one channel, and which messages have just ended.
///
/// Generations fence: the highest that a message was begun with is its current one, and a producer
/// of a lower one is refused with `stream_fenced`. A higher one begins the answer anew at index 1,
/// also when the older one was interrupted; what is complete or cancelled stays ended.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  StreamLimits; past growing_max or growing_per_producer_max a new message is refused with
///         `limit_exceeded`.
class StreamTable {
 public:
  explicit StreamTable(const StreamLimits& limits) : limits_(limits) {}
  StreamTable(const StreamTable&) = delete;
  StreamTable& operator=(const StreamTable&) = delete;

  /// Folds one piece in. Only the user who began a message may add to it.
  std::expected<StreamPiece, Error> append(const PieceOffer& piece, WallMillis now);

  /// Announces a message (or, with a higher generation, a new start of it) before its first piece.
  /// Once more for a message that grows says that its producer is alive: a duplicate.
  std::expected<StreamPiece, Error> open(const PieceOffer& message, WallMillis now);

  /// The growing message, or nullptr.
  [[nodiscard]] const MessageStream* find(std::string_view message_id) const;

  /// How the message ended, if it is one of the last remembered_max; else nullptr.
  [[nodiscard]] const EndedStream* ended(std::string_view message_id) const;

  /// A message that has ended before this table was: its repeats are known.
  void remember(EndedStream ended);

  /// Ends a message and gives it away; later repeats of its pieces are duplicates.
  std::unique_ptr<MessageStream> finish(std::string_view message_id, StreamEnd end);

  /// The messages that have had no piece for idle_ms_max.
  [[nodiscard]] std::vector<std::string> abandoned(WallMillis now) const;
  /// When the first message is abandoned if nothing comes; nullopt: nothing grows.
  [[nodiscard]] std::optional<WallMillis> next_abandoned() const;

  [[nodiscard]] std::vector<const MessageStream*> growing() const;
  [[nodiscard]] bool empty() const { return growing_.empty(); }
  [[nodiscard]] std::size_t size() const { return growing_.size(); }

 private:
  using Growing = std::map<std::string, std::unique_ptr<MessageStream>, std::less<>>;

  /// The stream that the piece belongs to, as it stands; nullptr when it begins one.
  [[nodiscard]] std::expected<MessageStream*, Error> place_of(const PieceOffer& piece) const;
  [[nodiscard]] std::expected<void, Error> may_begin(const PieceOffer& piece) const;
  MessageStream& begin(std::unique_ptr<MessageStream> stream);

  StreamLimits limits_;
  Growing growing_;
  std::deque<EndedStream> finished_;
};

}  // namespace tidewire
