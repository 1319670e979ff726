#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "protocol/error.h"

namespace tidewire {

/// One message that grows piece by piece, folded (protocol.md, "stream").
///
/// Owner:  one channel's StreamTable. Thread: the channel's owner shard.
/// Limit:  text_bytes_max; a piece that would pass it is refused and the text stays as it is.
class MessageStream {
 public:
  MessageStream(std::string message_id, std::string producer, std::size_t text_bytes_max)
      : message_id_(std::move(message_id)),
        producer_(std::move(producer)),
        text_bytes_max_(text_bytes_max) {}

  enum class Outcome { appended, duplicate };

  /// Adds a piece. `index` 0 means "the next one"; a skipped index is `stream_gap` naming the
  /// expected one, a repeated index changes nothing.
  std::expected<Outcome, Error> append(std::uint64_t index, std::string_view content,
                                       WallMillis now);

  [[nodiscard]] const std::string& message_id() const { return message_id_; }
  [[nodiscard]] const std::string& producer() const { return producer_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::uint64_t pieces() const { return pieces_; }
  [[nodiscard]] WallMillis touched_at() const { return touched_at_; }

 private:
  std::string message_id_;
  std::string producer_;
  std::size_t text_bytes_max_;
  std::string text_;
  std::uint64_t pieces_ = 0;
  WallMillis touched_at_ = 0;
};

/// The error for a piece that is not the expected next one.
[[nodiscard]] Error stream_gap(std::uint64_t expected_index);

}  // namespace tidewire
