#include "hub/channel.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "hub/publication_factory.h"

namespace tidewire {
namespace {

constexpr std::int64_t kIdleMsMin = 60'000;
constexpr std::size_t kEarlyCancelsMax = 64;

HistoryLimits history_limits(const NamespaceConfig& options) {
  return {.count_max = options.history_size,
          .bytes_max = options.history_bytes,
          .age_ms_max = options.history_ttl.count()};
}

StreamLimits stream_limits(StreamLimits limits, const NamespaceConfig& options) {
  limits.idle_ms_max = options.stream_timeout.count();
  return limits;
}

/// A slot names what a later event replaces: the newest of one type by one sender.
std::string latest_slot(const PublishRequest& request) {
  std::string slot(request.type);
  return slot.append(1, '\0').append(request.from.user_id);
}

Sender view_of(const PublicationSender& sender) {
  return {
      .user_id = sender.user_id, .connection_id = sender.connection_id, .client = sender.client};
}

}  // namespace

Channel::Channel(std::string name, const NamespaceConfig& options, const ChannelContext& context,
                 std::uint64_t last_version)
    : name_(std::move(name)),
      options_(options),
      context_(context),
      history_(history_limits(options), random_id(), &context.history_budget),
      keys_(context.limits.idempotency_keys, options.idempotency_window.count()),
      streams_(stream_limits(context.limits.streams, options)),
      early_cancels_(kEarlyCancelsMax, options.stream_timeout.count()),
      presence_(context.limits.presence_members),
      state_(context.limits.state, last_version),
      touched_at_(context.clock.wall_ms()) {}

PublishResult Channel::publish(const PublishRequest& request, const Emit& emit) {
  const WallMillis now = context_.clock.wall_ms();
  touched_at_ = now;
  if (request.delivery == DeliveryClass::stream) return publish_piece(request, emit);
  if (request.key.empty()) return publish_fresh(request, emit);
  if (auto known = keys_.find(request.from.user_id, request.key, now)) return *known;
  const PublishAck ack = publish_fresh(request, emit);
  keys_.remember(request.from.user_id, request.key, ack, now);
  return ack;
}

PublishAck Channel::publish_fresh(const PublishRequest& request, const Emit& emit) {
  switch (request.delivery) {
    case DeliveryClass::durable:
      return {.position = append_durable(request, emit)};
    case DeliveryClass::latest:
      return publish_latest(request, emit);
    case DeliveryClass::ephemeral:
    case DeliveryClass::stream:
      break;
  }
  emit(make_publication(context_.codec, request, {.ts = touched_at_}));
  return {};
}

StreamPosition Channel::append_durable(const PublishRequest& request, const Emit& emit) {
  const StreamPosition position{history_.epoch(), history_.next_offset()};
  PublicationPtr made =
      make_publication(context_.codec, request, {.position = position, .ts = touched_at_});
  history_.append(made, touched_at_);
  emit(std::move(made));
  return position;
}

PublishAck Channel::publish_latest(const PublishRequest& request, const Emit& emit) {
  auto made = make_publication(context_.codec, request, {.ts = touched_at_});
  made->slot = latest_slot(request);
  const auto found = latest_.find(made->slot);
  if (found != latest_.end()) {
    found->second = made;
  } else if (latest_.size() < context_.limits.latest_values) {
    latest_.emplace(made->slot, made);
  }
  emit(std::move(made));
  return {};
}

PublishResult Channel::publish_piece(const PublishRequest& request, const Emit& emit) {
  auto piece = streams_.append(request.message_id, request.from.user_id, request.index,
                               request.content, touched_at_);
  if (!piece) return std::unexpected(std::move(piece.error()));
  if (piece->duplicate) return PublishAck{.duplicate = true};

  emit(make_piece({.message_id = request.message_id,
                   .content = request.content,
                   .is_complete = request.complete,
                   .index = piece->index,
                   .rev = {piece->index, piece->index}},
                  request));
  remember_sender(request);
  std::optional<StreamCancel> cancel;
  if (piece->index == 1) cancel = early_cancels_.take(request.message_id, touched_at_);
  if (request.complete) return PublishAck{.position = finish_message(request.message_id, {}, emit)};
  if (!cancel) return PublishAck{};
  end_early(std::string(request.message_id), "cancelled", emit);
  return PublishAck{.cancel = std::make_shared<const StreamCancel>(std::move(*cancel))};
}

PublicationPtr Channel::make_piece(const ChunkDelivery& piece, PublishRequest request) const {
  const std::string payload = chunk_payload(piece);
  request.payload = payload;
  request.key = {};
  auto made = make_publication(context_.codec, request, {.ts = context_.clock.wall_ms()});
  made->slot = piece.message_id;
  made->rev_from = piece.rev.first;
  made->rev_to = piece.rev.second;
  made->complete = piece.is_complete;
  made->snapshot = piece.snapshot;
  made->status = piece.status;
  made->content = piece.content;
  return made;
}

void Channel::remember_sender(const PublishRequest& request) {
  auto& [sender, shard] = stream_senders_[std::string(request.message_id)];
  sender.user_id = request.from.user_id;
  sender.connection_id = request.from.connection_id;
  sender.client = request.from.client;
  shard = request.shard;
}

StreamPosition Channel::finish_message(std::string_view message_id, std::string_view status,
                                       const Emit& emit) {
  const auto stream = streams_.finish(message_id);
  const auto sender = stream_senders_.extract(std::string(message_id));
  const std::string payload =
      chat_message_payload(stream->text(), "assistant", stream->message_id(), status);
  const PublishRequest whole{.channel = name_,
                             .type = to_name(MessageType::chat_message),
                             .payload = payload,
                             .from = view_of(sender.mapped().sender)};
  return append_durable(whole, emit);
}

PublishRequest Channel::piece_request(const PublicationSender& sender) const {
  return {.channel = name_,
          .type = to_name(MessageType::chat_message_chunk),
          .from = view_of(sender),
          .delivery = DeliveryClass::stream};
}

void Channel::interrupt_abandoned(const Emit& emit) {
  if (streams_.empty()) return;
  touched_at_ = context_.clock.wall_ms();
  for (const std::string& id : streams_.abandoned(touched_at_)) end_early(id, "interrupted", emit);
}

StreamPosition Channel::end_early(const std::string& message_id, std::string_view status,
                                  const Emit& emit) {
  const std::uint64_t last = streams_.find(message_id)->pieces() + 1;
  emit(make_piece(
      {.message_id = message_id, .is_complete = true, .rev = {last, last}, .status = status},
      piece_request(stream_senders_[message_id].sender)));
  return finish_message(message_id, status, emit);
}

std::expected<CancelAck, Error> Channel::cancel(const CancelRequest& request, const Emit& emit) {
  touched_at_ = context_.clock.wall_ms();
  const MessageStream* stream = streams_.find(request.message_id);
  const bool own = stream != nullptr && stream->producer() == request.cancel.from.user_id;
  if (!request.permitted && !own)
    return fail(ErrorCode::permission_denied, "no permission to cancel on this channel",
                "/channel");
  if (stream != nullptr) {
    CancelAck ack{.producer = stream_senders_[request.message_id]};
    end_early(request.message_id, "cancelled", emit);
    return ack;
  }
  if (streams_.has_ended(request.message_id)) return CancelAck{.duplicate = true};
  early_cancels_.remember(request.message_id, request.cancel, touched_at_);
  return CancelAck{};
}

SubscribeSnapshot Channel::subscribe(const SubscribeRequest& request, ShardIndex shard,
                                     const Emit& emit) {
  const WallMillis now = context_.clock.wall_ms();
  touched_at_ = now;
  if (interest_.size() <= shard) interest_.resize(shard + 1U, 0);

  SubscribeSnapshot snapshot{.position = history_.top(),
                             .was_recovering = request.since.has_value()};
  if (request.since) {
    if (auto missed = history_.recover(*request.since, now)) {
      snapshot.recovered = true;
      snapshot.publications = std::move(*missed);
    }
  } else {
    snapshot.publications = history_.newest(request.history, now);
  }
  for (const auto& [slot, publication] : latest_) snapshot.latest.push_back(publication);
  for (const auto& [key, publication] : state_events_) snapshot.latest.push_back(publication);
  for (const MessageStream* stream : streams_.growing())
    snapshot.streams.push_back(snapshot_piece(*stream));

  // Joining comes before the interest is counted, so nobody is told of their own arrival.
  if (options_.presence) {
    const auto change =
        presence_.join(request.user_id, request.connection_id, request.info_json, now);
    if (change == PresenceTable::Change::first_device)
      emit_presence(MessageType::presence_join, request.user_id, request.info_json, 1, emit);
  }
  ++interest_[shard];
  ++subscribers_;
  return snapshot;
}

PublicationPtr Channel::snapshot_piece(const MessageStream& stream) const {
  const auto sender = stream_senders_.find(stream.message_id());
  return make_piece({.message_id = stream.message_id(),
                     .content = stream.text(),
                     .rev = {1, stream.pieces()},
                     .snapshot = true},
                    piece_request(sender->second.sender));
}

void Channel::unsubscribe(std::string_view user_id, std::string_view connection_id,
                          ShardIndex shard, const Emit& emit) {
  touched_at_ = context_.clock.wall_ms();
  --interest_[shard];
  --subscribers_;
  if (!options_.presence) return;
  if (presence_.leave(user_id, connection_id) == PresenceTable::Change::last_device)
    emit_presence(MessageType::presence_leave, user_id, {}, 0, emit);
}

void Channel::emit_presence(MessageType type, std::string_view user_id, std::string_view info_json,
                            std::size_t clients, const Emit& emit) {
  if (!options_.join_leave) return;
  const std::string payload = presence_change_payload(
      {.user_id = user_id, .clients = clients, .info_json = info_json, .since_ms = std::nullopt});
  const PublishRequest event{.channel = name_,
                             .type = to_name(type),
                             .payload = payload,
                             .delivery = DeliveryClass::latest,
                             .priority = Priority::low};
  auto made = make_publication(context_.codec, event, {.ts = touched_at_});
  made->slot = std::string("presence").append(1, '\0').append(user_id);
  emit(std::move(made));
}

std::expected<std::uint64_t, Error> Channel::change_state(const StateChange& change,
                                                          const Emit& emit) {
  touched_at_ = context_.clock.wall_ms();
  auto version = change.value_json ? state_.set(change.key, *change.value_json, change.if_version)
                                   : state_.erase(change.key, change.if_version);
  if (version) tell_state(change, *version, emit);
  return version;
}

void Channel::tell_state(const StateChange& change, std::uint64_t version, const Emit& emit) {
  const std::string payload =
      state_changed_payload(change.key, change.value_json ? *change.value_json : "", version);
  const PublishRequest event{.channel = name_,
                             .type = to_name(MessageType::state_changed),
                             .payload = payload,
                             .from = view_of(change.from),
                             .delivery = DeliveryClass::latest};
  auto made = make_publication(context_.codec, event, {.ts = touched_at_});
  made->slot = std::string("state").append(1, '\0').append(change.key);
  made->lossless = true;
  if (change.value_json) {
    state_events_[change.key] = made;
  } else {
    state_events_.erase(change.key);
  }
  emit(std::move(made));
}

std::optional<HistoryPage> Channel::history(const HistoryQuery& query) {
  auto page = history_.page(query, context_.clock.wall_ms());
  if (!page) return std::nullopt;
  return HistoryPage{history_.top(), std::move(*page)};
}

bool Channel::expired() {
  const WallMillis now = context_.clock.wall_ms();
  history_.trim(now);
  early_cancels_.trim(now);
  const std::int64_t kept_ms = std::max(kIdleMsMin, options_.history_ttl.count());
  return subscribers_ == 0 && streams_.empty() && history_.empty() && state_.empty() &&
         early_cancels_.empty() && now - touched_at_ > kept_ms;
}

}  // namespace tidewire
