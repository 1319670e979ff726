#include "hub/channel_streams.h"

#include <utility>

#include "hub/piece_fold.h"
#include "hub/publication_factory.h"

namespace tidewire {
namespace {

constexpr std::size_t kEarlyCancelsMax = 64;
constexpr std::string_view kPieceType = to_name(MessageType::chat_message_chunk);

StreamLimits stream_limits(const ChannelScope& scope) {
  StreamLimits limits = scope.context.limits.streams;
  limits.idle_ms_max = scope.options.stream_timeout.count();
  return limits;
}

void ignore(const PublishResult& /*result*/) {}

bool is_of(const PublicationSender& sender, const Sender& from) {
  return sender.connection_id == from.connection_id && sender.user_id == from.user_id &&
         sender.client == from.client;
}

PieceOffer offer_of(const PublishRequest& request) {
  return {.message_id = request.message_id,
          .producer = request.from.user_id,
          .generation = request.generation,
          .index = request.index,
          .content = request.content,
          .part_id = request.part_id,
          .part_kind = request.part_kind,
          .part_name = request.part_name};
}

}  // namespace

ChannelStreams::ChannelStreams(const ChannelScope& scope, Append append)
    : scope_(scope),
      append_(std::move(append)),
      table_(stream_limits(scope)),
      early_cancels_(kEarlyCancelsMax, scope.options.stream_timeout.count()) {}

void ChannelStreams::publish(const PublishRequest& request, PublishDone done) {
  if (request.announces) return announce(request, std::move(done));
  const WallMillis now = scope_.now();
  const auto taken = table_.append(offer_of(request), now);
  if (!taken) return done(std::unexpected(taken.error()));
  if (taken->duplicate) return repeated(request, std::move(done));

  FoldedPiece piece{.message_id = std::string(request.message_id),
                    .generation = request.generation,
                    .rev_from = taken->index,
                    .rev_to = taken->index,
                    // Who has text of an older generation must not append to it.
                    .snapshot = request.generation != 0 && taken->index == 1,
                    .complete = request.complete};
  remember_writer(*taken->stream, request);
  if (taken->index == 1) begin_watch();
  piece.add(request.part_id, request.part_kind, request.part_name, request.content);
  scope_.emit(make_piece(taken->stream->writer().head, std::move(piece), request));
  std::optional<StreamCancel> cancel;
  if (taken->index == 1) cancel = early_cancels_.take(request.message_id, now);
  if (request.complete) return finish(request.message_id, StreamEnd::complete, std::move(done));
  if (!cancel) return done(PublishAck{});
  end_early(std::string(request.message_id), StreamEnd::cancelled);
  done(PublishAck{.cancel = std::make_shared<const StreamCancel>(std::move(*cancel))});
}

/// What the `ack` of a last piece says, that the whole is durable, its repeat must not say before.
void ChannelStreams::repeated(const PublishRequest& request, PublishDone done) {
  const auto ending = request.complete
                          ? endings_.find({std::string(request.message_id), request.generation})
                          : endings_.end();
  if (ending == endings_.end()) return done(PublishAck{.duplicate = true});
  if (ending->second.error) return done(std::unexpected(*ending->second.error));
  if (ending->second.waiting.size() >= kRepeatsMax)
    return done(fail(ErrorCode::overloaded, "too many repeats of this piece wait for the store"));
  ending->second.waiting.push_back(std::move(done));
}

void ChannelStreams::announce(const PublishRequest& request, PublishDone done) {
  const WallMillis now = scope_.now();
  const auto opened = table_.open(offer_of(request), now);
  if (!opened) return done(std::unexpected(opened.error()));
  if (opened->duplicate) return done(PublishAck{.duplicate = true});
  remember_writer(*opened->stream, request);
  begin_watch();
  auto cancel = early_cancels_.take(request.message_id, now);
  if (!cancel) return done(PublishAck{});
  end_early(std::string(request.message_id), StreamEnd::cancelled);
  done(PublishAck{.cancel = std::make_shared<const StreamCancel>(std::move(*cancel))});
}

void ChannelStreams::remember_writer(MessageStream& stream, const PublishRequest& request) const {
  PublicationHeadPtr head = stream.writer().head;
  if (!head || !is_of(head->sender, request.from))
    head = make_head(scope_.name, kPieceType, request.from);
  stream.set_writer({std::move(head), request.shard});
}

/// Without seals it is encoded by whoever has a reader that does not fold.
PublicationPtr ChannelStreams::make_piece(const PublicationHeadPtr& head, FoldedPiece piece,
                                          const PublishRequest& request) const {
  auto made = make_unencoded(head, request, {.ts = scope_.now()});
  made->key = {};
  made->piece = std::move(piece);
  if (!request.nonce.empty() || !request.sig.empty() || !request.enc.empty())
    encode(scope_.context.codec, *made, made->piece.chunk_payload(),
           {request.nonce, request.sig, request.enc});
  return made;
}

void ChannelStreams::finish(std::string_view message_id, StreamEnd end, PublishDone done) {
  const auto stream = table_.finish(message_id, end);
  FoldedPiece whole = stream->whole();
  if (end != StreamEnd::complete) whole.status = to_name(end);
  const std::string payload = whole.message_payload("assistant");
  EndingId id{whole.message_id, whole.generation};
  endings_.try_emplace(id);
  append_({.channel = scope_.name,
           .type = to_name(MessageType::chat_message),
           .payload = payload,
           .from = view_of(stream->writer().head->sender),
           .message_id = message_id,
           .generation = whole.generation,
           .index = stream->pieces(),
           .complete = end != StreamEnd::interrupted},
          [this, id = std::move(id), done = std::move(done)](PublishResult result) mutable {
            settle(id, result);
            if (auto first = std::exchange(done, nullptr)) first(std::move(result));
          });
}

void ChannelStreams::settle(const EndingId& id, const PublishResult& result) {
  const auto found = endings_.find(id);
  auto waiting = std::exchange(found->second.waiting, {});
  if (result || !is_retryable(result.error().code)) {
    endings_.erase(found);
  } else {
    found->second.error = result.error();
  }
  PublishResult again = result;
  if (again) again->duplicate = true;
  for (PublishDone& each : waiting) each(again);
}

std::shared_ptr<Publication> ChannelStreams::own_piece(const PublicationHeadPtr& head,
                                                       FoldedPiece piece) const {
  auto made = make_unencoded(head, {.type = kPieceType, .delivery = DeliveryClass::stream},
                             {.ts = scope_.now()});
  made->piece = std::move(piece);
  return made;
}

void ChannelStreams::interrupt_abandoned() {
  if (table_.empty()) return;
  for (const std::string& id : table_.abandoned(scope_.now()))
    end_early(id, StreamEnd::interrupted);
}

std::optional<MonoMillis> ChannelStreams::run_due() {
  interrupt_abandoned();
  const auto next = table_.next_abandoned();
  if (!next) return std::nullopt;
  return scope_.mono() + (*next - scope_.now());
}

void ChannelStreams::begin_watch() const {
  scope_.wake_at(scope_.mono() + scope_.options.stream_timeout.count() + 1);
}

void ChannelStreams::end_early(const std::string& message_id, StreamEnd end) {
  const MessageStream& stream = *table_.find(message_id);
  const std::uint64_t last = stream.pieces() + 1;
  scope_.emit(own_piece(stream.writer().head, {.message_id = message_id,
                                               .generation = stream.generation(),
                                               .rev_from = last,
                                               .rev_to = last,
                                               .snapshot = stream.generation() != 0 && last == 1,
                                               .complete = true,
                                               .status = std::string(to_name(end))}));
  finish(message_id, end, ignore);
}

std::expected<CancelAck, Error> ChannelStreams::cancel(const CancelRequest& request) {
  const MessageStream* stream = table_.find(request.message_id);
  const EndedStream* ended = stream == nullptr ? table_.ended(request.message_id) : nullptr;
  const std::string& asks = request.cancel.from.user_id;
  const bool own = (stream != nullptr && stream->producer() == asks) ||
                   (ended != nullptr && ended->producer == asks);
  if (!request.permitted && !own)
    return fail(ErrorCode::permission_denied, "no permission to cancel on this channel",
                "/channel");
  if (stream != nullptr) {
    const StreamWriter& writer = stream->writer();
    CancelAck ack{.state = CancelState::cancelled,
                  .producer = Producer{writer.head->sender, writer.shard}};
    end_early(request.message_id, StreamEnd::cancelled);
    return ack;
  }
  if (ended != nullptr) return CancelAck{.state = CancelState::ended};
  early_cancels_.remember(request.message_id, request.cancel, scope_.now());
  return CancelAck{};
}

bool ChannelStreams::end(const InterruptRequest& request) {
  const MessageStream* stream = table_.find(request.message_id);
  if (stream == nullptr || stream->producer() != request.producer ||
      stream->generation() != request.generation)
    return false;
  end_early(request.message_id, request.end);
  return true;
}

StreamStatus ChannelStreams::status(std::string_view message_id) const {
  StreamStatus status;
  bool pending = early_cancels_.waits(message_id, scope_.now());
  for (const MessageStream* stream : table_.growing()) {
    if (!message_id.empty() && stream->message_id() != message_id) continue;
    const bool begun = stream->pieces() > 0;
    if (begun) status.activity = StreamActivity::active;
    pending = pending || !begun;
    status.streams.push_back({stream->message_id(), stream->generation(), stream->pieces(),
                              stream->started_at(), stream->writer().head->sender});
  }
  if (status.activity == StreamActivity::none && pending) status.activity = StreamActivity::pending;
  return status;
}

std::vector<PublicationPtr> ChannelStreams::snapshots() const {
  std::vector<PublicationPtr> all;
  for (const MessageStream* stream : table_.growing())
    if (stream->pieces() > 0) all.push_back(snapshot(*stream));
  return all;
}

PublicationPtr ChannelStreams::snapshot(const MessageStream& stream) const {
  return encode_piece(scope_.context.codec, own_piece(stream.writer().head, stream.whole()));
}

bool ChannelStreams::idle() {
  early_cancels_.trim(scope_.now());
  return table_.empty() && early_cancels_.empty();
}

}  // namespace tidewire
