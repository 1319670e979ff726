#include "hub/channel_streams.h"

#include <utility>

#include "hub/publication_factory.h"

namespace tidewire {
namespace {

constexpr std::size_t kEarlyCancelsMax = 64;

StreamLimits stream_limits(const ChannelScope& scope) {
  StreamLimits limits = scope.context.limits.streams;
  limits.idle_ms_max = scope.options.stream_timeout.count();
  return limits;
}

void ignore(const PublishResult& /*result*/) {}

}  // namespace

ChannelStreams::ChannelStreams(const ChannelScope& scope, Append append)
    : scope_(scope),
      append_(std::move(append)),
      table_(stream_limits(scope)),
      early_cancels_(kEarlyCancelsMax, scope.options.stream_timeout.count()) {}

void ChannelStreams::publish(const PublishRequest& request, PublishDone done) {
  const WallMillis now = scope_.now();
  auto piece =
      table_.append(request.message_id, request.from.user_id, request.index, request.content, now);
  if (!piece) return done(std::unexpected(std::move(piece.error())));
  if (piece->duplicate) return done(PublishAck{.duplicate = true});

  scope_.emit(make_piece({.message_id = request.message_id,
                          .content = request.content,
                          .is_complete = request.complete,
                          .index = piece->index,
                          .rev = {piece->index, piece->index}},
                         request));
  remember_sender(request);
  std::optional<StreamCancel> cancel;
  if (piece->index == 1) cancel = early_cancels_.take(request.message_id, now);
  if (request.complete) return finish(request.message_id, {}, std::move(done));
  if (!cancel) return done(PublishAck{});
  end_early(std::string(request.message_id), "cancelled");
  done(PublishAck{.cancel = std::make_shared<const StreamCancel>(std::move(*cancel))});
}

PublicationPtr ChannelStreams::make_piece(const ChunkDelivery& piece,
                                          PublishRequest request) const {
  const std::string payload = chunk_payload(piece);
  request.payload = payload;
  request.key = {};
  auto made = make_publication(scope_.context.codec, request, {.ts = scope_.now()});
  made->slot = piece.message_id;
  made->rev_from = piece.rev.first;
  made->rev_to = piece.rev.second;
  made->complete = piece.is_complete;
  made->snapshot = piece.snapshot;
  made->status = piece.status;
  made->content = piece.content;
  return made;
}

void ChannelStreams::remember_sender(const PublishRequest& request) {
  auto& [sender, shard] = producers_[std::string(request.message_id)];
  sender.user_id = request.from.user_id;
  sender.connection_id = request.from.connection_id;
  sender.client = request.from.client;
  shard = request.shard;
}

void ChannelStreams::finish(std::string_view message_id, std::string_view status,
                            PublishDone done) {
  const auto stream = table_.finish(message_id);
  const auto producer = producers_.extract(std::string(message_id));
  const std::string payload =
      chat_message_payload(stream->text(), "assistant", stream->message_id(), status);
  append_({.channel = scope_.name,
           .type = to_name(MessageType::chat_message),
           .payload = payload,
           .from = view_of(producer.mapped().sender)},
          std::move(done));
}

PublishRequest ChannelStreams::piece_request(const PublicationSender& sender) const {
  return {.channel = scope_.name,
          .type = to_name(MessageType::chat_message_chunk),
          .from = view_of(sender),
          .delivery = DeliveryClass::stream};
}

void ChannelStreams::interrupt_abandoned() {
  if (table_.empty()) return;
  for (const std::string& id : table_.abandoned(scope_.now())) end_early(id, "interrupted");
}

void ChannelStreams::end_early(const std::string& message_id, std::string_view status) {
  const std::uint64_t last = table_.find(message_id)->pieces() + 1;
  scope_.emit(make_piece(
      {.message_id = message_id, .is_complete = true, .rev = {last, last}, .status = status},
      piece_request(producers_[message_id].sender)));
  finish(message_id, status, ignore);
}

std::expected<CancelAck, Error> ChannelStreams::cancel(const CancelRequest& request) {
  const MessageStream* stream = table_.find(request.message_id);
  const bool own = stream != nullptr && stream->producer() == request.cancel.from.user_id;
  if (!request.permitted && !own)
    return fail(ErrorCode::permission_denied, "no permission to cancel on this channel",
                "/channel");
  if (stream != nullptr) {
    CancelAck ack{.producer = producers_[request.message_id]};
    end_early(request.message_id, "cancelled");
    return ack;
  }
  if (table_.has_ended(request.message_id)) return CancelAck{.duplicate = true};
  early_cancels_.remember(request.message_id, request.cancel, scope_.now());
  return CancelAck{};
}

std::vector<PublicationPtr> ChannelStreams::snapshots() const {
  std::vector<PublicationPtr> all;
  for (const MessageStream* stream : table_.growing()) all.push_back(snapshot(*stream));
  return all;
}

PublicationPtr ChannelStreams::snapshot(const MessageStream& stream) const {
  const auto producer = producers_.find(stream.message_id());
  return make_piece({.message_id = stream.message_id(),
                     .content = stream.text(),
                     .rev = {1, stream.pieces()},
                     .snapshot = true},
                    piece_request(producer->second.sender));
}

bool ChannelStreams::idle() {
  early_cancels_.trim(scope_.now());
  return table_.empty() && early_cancels_.empty();
}

}  // namespace tidewire
