#include "stream/stream_table.h"

#include <algorithm>

namespace tidewire {

std::expected<StreamPiece, Error> StreamTable::append(std::string_view message_id,
                                                      std::string_view producer,
                                                      std::uint64_t index, std::string_view content,
                                                      WallMillis now) {
  auto found = growing_.find(message_id);
  if (found == growing_.end()) {
    const auto ended = std::ranges::find(finished_, message_id, &Finished::message_id);
    if (ended != finished_.end()) {
      if (index != 0 && index <= ended->pieces) return StreamPiece{true, index};
      return fail(ErrorCode::stream_closed, "this message is complete", "/payload/messageId");
    }
    if (index > 1) return std::unexpected(stream_gap(1));
    if (growing_.size() >= limits_.growing_max)
      return fail(ErrorCode::limit_exceeded,
                  "at most " + std::to_string(limits_.growing_max) +
                      " messages may grow in a channel at a time",
                  "/payload/messageId");
    auto fresh = std::make_unique<MessageStream>(std::string(message_id), std::string(producer),
                                                 limits_.text_bytes_max);
    auto first = fresh->append(index, content, now);
    if (!first) return std::unexpected(std::move(first.error()));
    growing_.emplace(message_id, std::move(fresh));
    return StreamPiece{false, 1};
  }
  MessageStream& stream = *found->second;
  if (stream.producer() != producer)
    return fail(ErrorCode::stream_closed, "another user is writing this message",
                "/payload/messageId");
  auto outcome = stream.append(index, content, now);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  const bool duplicate = *outcome == MessageStream::Outcome::duplicate;
  return StreamPiece{duplicate, duplicate ? index : stream.pieces()};
}

const MessageStream* StreamTable::find(std::string_view message_id) const {
  const auto found = growing_.find(message_id);
  return found == growing_.end() ? nullptr : found->second.get();
}

bool StreamTable::has_ended(std::string_view message_id) const {
  return std::ranges::find(finished_, message_id, &Finished::message_id) != finished_.end();
}

std::unique_ptr<MessageStream> StreamTable::finish(std::string_view message_id) {
  const auto found = growing_.find(message_id);
  if (found == growing_.end()) return nullptr;
  std::unique_ptr<MessageStream> stream = std::move(found->second);
  growing_.erase(found);
  finished_.push_back({stream->message_id(), stream->pieces()});
  if (finished_.size() > limits_.remembered_max) finished_.pop_front();
  return stream;
}

std::vector<std::string> StreamTable::abandoned(WallMillis now) const {
  std::vector<std::string> ids;
  for (const auto& [id, stream] : growing_)
    if (now - stream->touched_at() > limits_.idle_ms_max) ids.push_back(id);
  return ids;
}

std::vector<const MessageStream*> StreamTable::growing() const {
  std::vector<const MessageStream*> list;
  list.reserve(growing_.size());
  for (const auto& [id, stream] : growing_) list.push_back(stream.get());
  return list;
}

}  // namespace tidewire
