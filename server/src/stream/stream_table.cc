#include "stream/stream_table.h"

#include <algorithm>
#include <utility>

namespace tidewire {
namespace {

std::unexpected<Error> limit_reached(std::size_t most, std::string_view whose) {
  return fail(ErrorCode::limit_exceeded,
              "at most " + std::to_string(most) + " messages" + std::string(whose) +
                  " may grow in a channel at a time",
              "/payload/messageId");
}

}  // namespace

std::string_view to_name(StreamEnd end) {
  switch (end) {
    case StreamEnd::complete:
      return "complete";
    case StreamEnd::cancelled:
      return "cancelled";
    case StreamEnd::interrupted:
      return "interrupted";
  }
  return "";
}

const EndedStream* StreamTable::ended(std::string_view message_id) const {
  // A message may have been interrupted several times, and a store may remember the last of its
  // generations before an earlier one.
  const EndedStream* last = nullptr;
  for (const EndedStream& each : finished_)
    if (each.message_id == message_id && (last == nullptr || each.generation > last->generation))
      last = &each;
  return last;
}

std::expected<MessageStream*, Error> StreamTable::place_of(const PieceOffer& piece) const {
  const auto found = growing_.find(piece.message_id);
  if (found == growing_.end()) return nullptr;
  MessageStream& stream = *found->second;
  if (stream.producer() != piece.producer)
    return fail(ErrorCode::stream_closed, "another user is writing this message",
                "/payload/messageId");
  if (piece.generation < stream.generation())
    return std::unexpected(stream_fenced(stream.generation()));
  return piece.generation == stream.generation() ? &stream : nullptr;
}

std::expected<void, Error> StreamTable::may_begin(const PieceOffer& piece) const {
  if (const EndedStream* before = ended(piece.message_id)) {
    if (piece.generation < before->generation)
      return std::unexpected(stream_fenced(before->generation));
    const bool anew = before->end == StreamEnd::interrupted && before->producer == piece.producer &&
                      piece.generation > before->generation;
    if (!anew)
      return fail(ErrorCode::stream_closed,
                  "this message has ended: " + std::string(to_name(before->end)),
                  "/payload/messageId");
  }
  if (growing_.contains(piece.message_id)) return {};  // takes the place of the older generation
  if (growing_.size() >= limits_.growing_max) return limit_reached(limits_.growing_max, "");
  const auto own = std::ranges::count_if(
      growing_, [&](const auto& each) { return each.second->producer() == piece.producer; });
  if (static_cast<std::size_t>(own) >= limits_.growing_per_producer_max)
    return limit_reached(limits_.growing_per_producer_max, " of one user");
  return {};
}

MessageStream& StreamTable::begin(std::unique_ptr<MessageStream> stream) {
  auto& place = growing_[stream->message_id()];
  place = std::move(stream);
  return *place;
}

std::expected<StreamPiece, Error> StreamTable::append(const PieceOffer& piece, WallMillis now) {
  const auto place = place_of(piece);
  if (!place) return std::unexpected(place.error());
  if (MessageStream* stream = *place) {
    const auto outcome = stream->append(piece, now);
    if (!outcome) return std::unexpected(outcome.error());
    const bool duplicate = *outcome == MessageStream::Outcome::duplicate;
    if (duplicate) return StreamPiece{true, piece.index};
    return StreamPiece{false, stream->pieces(), stream};
  }
  const EndedStream* before = ended(piece.message_id);
  if (before != nullptr && before->producer == piece.producer &&
      before->generation == piece.generation && piece.index != 0 && piece.index <= before->pieces)
    return StreamPiece{true, piece.index};
  if (auto allowed = may_begin(piece); !allowed) return std::unexpected(allowed.error());
  auto fresh = std::make_unique<MessageStream>(piece, limits_, now);
  if (auto first = fresh->append(piece, now); !first) return std::unexpected(first.error());
  return StreamPiece{false, 1, &begin(std::move(fresh))};
}

std::expected<StreamPiece, Error> StreamTable::open(const PieceOffer& message, WallMillis now) {
  const auto place = place_of(message);
  if (!place) return std::unexpected(place.error());
  if (MessageStream* stream = *place) {
    stream->touch(now);
    return StreamPiece{true, stream->pieces()};
  }
  if (auto allowed = may_begin(message); !allowed) return std::unexpected(allowed.error());
  return StreamPiece{false, 0, &begin(std::make_unique<MessageStream>(message, limits_, now))};
}

const MessageStream* StreamTable::find(std::string_view message_id) const {
  const auto found = growing_.find(message_id);
  return found == growing_.end() ? nullptr : found->second.get();
}

std::unique_ptr<MessageStream> StreamTable::finish(std::string_view message_id, StreamEnd end) {
  const auto found = growing_.find(message_id);
  if (found == growing_.end()) return nullptr;
  std::unique_ptr<MessageStream> stream = std::move(found->second);
  growing_.erase(found);
  remember({stream->message_id(), stream->producer(), stream->generation(), stream->pieces(), end});
  return stream;
}

void StreamTable::remember(EndedStream ended) {
  finished_.push_back(std::move(ended));
  if (finished_.size() > limits_.remembered_max) finished_.pop_front();
}

std::vector<std::string> StreamTable::abandoned(WallMillis now) const {
  std::vector<std::string> ids;
  for (const auto& [id, stream] : growing_)
    if (now - stream->touched_at() > limits_.idle_ms_max) ids.push_back(id);
  return ids;
}

std::optional<WallMillis> StreamTable::next_abandoned() const {
  std::optional<WallMillis> next;
  for (const auto& [id, stream] : growing_) {
    const WallMillis due = stream->touched_at() + limits_.idle_ms_max + 1;
    next = std::min(next.value_or(due), due);
  }
  return next;
}

std::vector<const MessageStream*> StreamTable::growing() const {
  std::vector<const MessageStream*> list;
  list.reserve(growing_.size());
  for (const auto& [id, stream] : growing_) list.push_back(stream.get());
  return list;
}

}  // namespace tidewire
