#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "history/publication.h"
#include "protocol/error.h"
#include "stream/folded_piece.h"

namespace tidewire {

struct StreamLimits {
  std::size_t growing_max = 64;               // per channel
  std::size_t growing_per_producer_max = 32;  // of those, one user's
  std::size_t text_bytes_max = 256 * 1024;    // per message, all parts and their names
  std::size_t parts_max = 64;                 // per message
  std::size_t remembered_max = 256;           // finished messages whose repeats are still known
  std::int64_t idle_ms_max = 60'000;          // without a piece, then the message is interrupted
};

/// What a producer sends of a growing message. Views.
struct PieceOffer {
  std::string_view message_id;
  std::string_view producer;  // user id
  std::uint64_t generation = 0;
  std::uint64_t index = 0;  // 0: the next one
  std::string_view content;
  std::string_view part_id;
  std::string_view part_kind;  // empty: the message's text
  std::string_view part_name;
};

/// Who wrote the last piece of a growing message.
struct StreamWriter {
  PublicationHeadPtr head;  // of its pieces
  std::uint16_t shard = 0;  // where its connection lives
};

/// One message that grows piece by piece, folded (protocol.md, "Message streams").
///
/// Owner:  one channel's StreamTable. Thread: the channel's owner shard.
/// Limit:  StreamLimits; a piece that would pass one is refused and the message stays as it is.
class MessageStream {
 public:
  MessageStream(const PieceOffer& first, const StreamLimits& limits, WallMillis now);

  enum class Outcome { appended, duplicate };

  /// Adds a piece of this generation. `index` 0 means "the next one"; a skipped index is
  /// `stream_gap` naming the expected one, a repeated index changes nothing.
  std::expected<Outcome, Error> append(const PieceOffer& piece, WallMillis now);
  /// The producer is alive, though it has nothing to say.
  void touch(WallMillis now) { touched_at_ = now; }

  /// All of it as one piece, a snapshot.
  [[nodiscard]] const FoldedPiece& whole() const { return whole_; }
  [[nodiscard]] const std::string& message_id() const { return whole_.message_id; }
  [[nodiscard]] const std::string& producer() const { return producer_; }
  [[nodiscard]] std::uint64_t generation() const { return whole_.generation; }
  [[nodiscard]] std::uint64_t pieces() const { return whole_.rev_to; }
  [[nodiscard]] WallMillis started_at() const { return started_at_; }
  [[nodiscard]] WallMillis touched_at() const { return touched_at_; }

  /// Set by whoever takes the pieces, with the first of them.
  [[nodiscard]] const StreamWriter& writer() const { return writer_; }
  void set_writer(StreamWriter writer) { writer_ = std::move(writer); }

 private:
  [[nodiscard]] std::expected<std::size_t, Error> room_for(const PieceOffer& piece) const;

  const StreamLimits& limits_;
  std::string producer_;
  StreamWriter writer_;
  FoldedPiece whole_;
  std::size_t bytes_ = 0;  // of the texts, ids and names in whole_
  WallMillis started_at_;
  WallMillis touched_at_;
};

/// The error for a piece that is not the expected next one.
[[nodiscard]] Error stream_gap(std::uint64_t expected_index);
/// The error for a producer of an older generation.
[[nodiscard]] Error stream_fenced(std::uint64_t generation);

}  // namespace tidewire
