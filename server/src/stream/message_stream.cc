#include "stream/message_stream.h"

namespace tidewire {

Error stream_gap(std::uint64_t expected_index) {
  const std::string expected = std::to_string(expected_index);
  return {.code = ErrorCode::stream_gap,
          .message = "a piece is missing: expected index " + expected,
          .path = "/payload/index",
          .details = "\"expectedIndex\":" + expected};
}

std::expected<MessageStream::Outcome, Error> MessageStream::append(std::uint64_t index,
                                                                   std::string_view content,
                                                                   WallMillis now) {
  if (index != 0 && index <= pieces_) return Outcome::duplicate;
  if (index > pieces_ + 1) return std::unexpected(stream_gap(pieces_ + 1));
  if (text_.size() + content.size() > text_bytes_max_)
    return fail(ErrorCode::message_too_large,
                "the message would exceed " + std::to_string(text_bytes_max_) + " bytes",
                "/payload/content");
  text_ += content;
  ++pieces_;
  touched_at_ = now;
  return Outcome::appended;
}

}  // namespace tidewire
