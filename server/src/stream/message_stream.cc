#include "stream/message_stream.h"

#include <algorithm>

namespace tidewire {

namespace {

constexpr std::size_t kTextRoomMin = 512;

/// Doubles its room, and not from nothing: most answers are longer than a few words.
void make_room(std::string& text, std::size_t more) {
  if (text.size() + more <= text.capacity()) return;
  text.reserve(std::max({2 * text.capacity(), text.size() + more, kTextRoomMin}));
}

}  // namespace

Error stream_gap(std::uint64_t expected_index) {
  const std::string expected = std::to_string(expected_index);
  return {.code = ErrorCode::stream_gap,
          .message = "a piece is missing: expected index " + expected,
          .path = "/payload/index",
          .details = "\"expectedIndex\":" + expected};
}

Error stream_fenced(std::uint64_t generation) {
  const std::string current = std::to_string(generation);
  return {.code = ErrorCode::stream_fenced,
          .message = "another producer has begun this answer anew, as generation " + current,
          .path = "/payload/generation",
          .details = "\"generation\":" + current};
}

MessageStream::MessageStream(const PieceOffer& first, const StreamLimits& limits, WallMillis now)
    : limits_(limits),
      producer_(first.producer),
      whole_{.message_id = std::string(first.message_id),
             .generation = first.generation,
             .snapshot = true},
      started_at_(now),
      touched_at_(now) {}

std::expected<std::size_t, Error> MessageStream::room_for(const PieceOffer& piece) const {
  std::size_t bytes = bytes_ + piece.content.size();
  if (!piece.part_kind.empty() &&
      whole_.find(piece.part_id, piece.part_kind) == whole_.parts.size()) {
    if (whole_.parts.size() >= limits_.parts_max)
      return fail(ErrorCode::limit_exceeded,
                  "a message has at most " + std::to_string(limits_.parts_max) + " parts",
                  "/payload/part");
    bytes += piece.part_id.size() + piece.part_kind.size() + piece.part_name.size();
  }
  if (bytes <= limits_.text_bytes_max) return bytes;
  return fail(ErrorCode::message_too_large,
              "the message would exceed " + std::to_string(limits_.text_bytes_max) + " bytes",
              "/payload/content");
}

std::expected<MessageStream::Outcome, Error> MessageStream::append(const PieceOffer& piece,
                                                                   WallMillis now) {
  if (piece.index != 0 && piece.index <= pieces()) return Outcome::duplicate;
  if (piece.index > pieces() + 1) return std::unexpected(stream_gap(pieces() + 1));
  const auto bytes = room_for(piece);
  if (!bytes) return std::unexpected(bytes.error());
  bytes_ = *bytes;
  if (piece.part_kind.empty()) make_room(whole_.content, piece.content.size());
  whole_.add(piece.part_id, piece.part_kind, piece.part_name, piece.content);
  ++whole_.rev_to;
  touched_at_ = now;
  return Outcome::appended;
}

}  // namespace tidewire
