#include "session/session.h"

#include <algorithm>
#include <utility>

#include "hub/piece_fold.h"
#include "protocol/envelope_form.h"
#include "protocol/replies.h"
#include "session/auth_handler.h"
#include "session/channel_access.h"
#include "session/resume_handler.h"
#include "session/router.h"
#include "session/rpc_handler.h"
#include "session/session_parking.h"

namespace tidewire {
namespace {

/// Refused messages in a row after which a client that does not slow down is closed.
constexpr std::uint32_t kRateViolationsMax = 1'000;

// An idle connection takes 2 KB at most, of which these are the session's.
static_assert(sizeof(Session) <= 640 && sizeof(ChannelPlace) <= 208);

}  // namespace

Session::Session(const SessionContext& context, SessionTransport& transport, SessionStart start)
    : context_(context),
      transport_(transport),
      form_(context.forms.intern(start.info.proto, start.deflate)),
      deflate_(start.deflate),
      info_(std::move(start.info)),
      scope_(start.scope.empty() ? nullptr
                                 : std::make_unique<const std::string>(std::move(start.scope))),
      message_bucket_(TokenBucket::configured(context.config.limits.messages_per_second,
                                              context.config.limits.messages_burst)),
      byte_bucket_(TokenBucket::configured(context.config.limits.bytes_per_second,
                                           context.config.limits.bytes_burst)),
      rates_(context.rates, info_.address.host()),
      opened_at_(context.clock.mono_ms()),
      heartbeat_due_(opened_at_ + context.config.heartbeat.interval.count()),
      timer_([](void* self) { static_cast<Session*>(self)->on_timer(); }, this) {
  context_.sessions.add(*this);
  if (start.claims)
    opening_ =
        std::make_unique<Opening>(Opening{std::move(*start.claims), std::move(start.session_id)});
}

Session::~Session() { closed(0); }

void Session::open() {
  if (const auto opening = std::move(opening_))
    AuthHandler::welcome_upgraded(*this, std::move(opening->claims),
                                  std::move(opening->session_id));
  schedule_timer();
}

void Session::closed(std::uint16_t close_code) {
  if (gone_) return;
  gone_ = true;
  state_ = State::closing;
  timer_.cancel();
  SessionParking::leave(*this, close_code);
  for (const auto& place : subscriptions_)
    context_.node.unsubscribe(*place, claims_.user_id, session_id_, leave_kind(close_code),
                              place->joined);
  subscriptions_.clear();
  if (const auto activities = std::move(activities_))
    for (const auto& [channel, kinds] : *activities)
      context_.node.connection_gone(channel, claims_.user_id, info_.connection_id);
  RpcHandler::closed(*this);
  if (!claims_.user_id.empty()) context_.users.remove(claims_.user_id, info_.connection_id);
  context_.sessions.remove(*this);
}

void Session::on_message(bool binary, std::string_view message) {
  if (state_ == State::closing) return;
  if (binary != codec().binary())
    return close(CloseCode::unsupported_data, binary ? "this subprotocol uses text messages"
                                                     : "this subprotocol uses binary messages");
  message_bytes_ = static_cast<std::uint32_t>(message.size());
  context_.metrics.message_bytes.record(message.size());
  codec().decode(message, *this);
}

void Session::on_activity(std::size_t bytes) {
  counters_.bytes_received += bytes;
  unanswered_since_ = kAnswered;
}

HookQueue& Session::hook_queue() {
  if (!hooks_) hooks_ = std::make_unique<HookQueue>(context_.config.hooks.pending);
  return *hooks_;
}

std::optional<RateRefusal> Session::admit() {
  const MonoMicros now = context_.clock.mono_us();
  const auto bytes = static_cast<double>(std::exchange(message_bytes_, 0));
  const auto own = [](RateKind kind, int wait_ms) {
    return RateRefusal{kind, RateScope::connection, MonoMicros{wait_ms} * 1'000};
  };
  if (!message_bucket_.take(1, now))
    return own(RateKind::messages, message_bucket_.retry_after_ms(1, now));
  if (!byte_bucket_.take(bytes, now))
    return own(RateKind::bytes, byte_bucket_.retry_after_ms(bytes, now));
  if (auto refused = rates_.take(RateKind::messages, 1, now)) return refused;
  return rates_.take(RateKind::bytes, bytes, now);
}

bool Session::allow(RateKind kind, std::string_view id, std::string_view channel,
                    const NamespaceConfig* options) {
  const auto refused = rates_.take(kind, 1, context_.clock.mono_us(), options);
  if (refused) refuse(*refused, id, channel);
  return !refused;
}

void Session::refuse(const RateRefusal& refusal, std::string_view id, std::string_view channel) {
  context_.metrics.rate_limited_by(refusal.scope, refusal.kind).add();
  reply_error(id, refusal.error(), channel);
}

void Session::on_envelope(const Envelope& envelope) {
  if (state_ == State::closing) return;
  if (resumption_) return ResumeHandler::hold(*this, envelope);
  ++counters_.messages_received;
  const TypeLabel label = type_label(envelope.type);
  context_.metrics.messages_received[label].add();
  context_.metrics.bytes_received[label].add(envelope.payload.size());
  const auto refused = admit();
  if (!refused) {
    rate_violations_ = 0;
    Router::route(*this, envelope);
    return;
  }
  refuse(*refused, envelope.id, envelope.channel);
  if (++rate_violations_ >= kRateViolationsMax)
    close(CloseCode::rate_limited, "the rate limit was ignored");
}

void Session::on_bad_message(std::string_view id, std::string_view channel, const Error& error) {
  if (state_ == State::closing) return;
  ++counters_.messages_received;
  ++counters_.errors;
  reply(MessageType::error, id, channel, error_payload(error));
  count_bad();
}

void Session::judge(bool faulty) {
  if (faulty)
    count_bad();
  else
    bad_messages_ = 0;
}

void Session::count_bad() {
  if (++bad_messages_ >= context_.config.limits.bad_messages)
    close(CloseCode::bad_request, "too many bad messages in a row");
}

ws::SharedFrame Session::frame_of(const OutgoingMessage& message) const {
  return finished(ws::SharedFrame::make(codec().binary() ? ws::Opcode::binary : ws::Opcode::text,
                                        codec().encode(message)));
}

ws::SharedFrame Session::finished(ws::SharedFrame frame) const {
  if (!deflate_ || !deflate_->server_no_context_takeover || batch_) return frame;
  return ws::compressed(frame, *deflate_, context_.deflate);
}

void Session::count_sent(const OutgoingMessage& message, const ws::SharedFrame& frame) {
  const TypeLabel label = type_label(message.type);
  context_.metrics.messages_sent[label].add();
  context_.metrics.bytes_sent[label].add(frame.size());
  ++counters_.messages_sent;
}

void Session::send(const OutgoingMessage& message, Priority priority) {
  if (gone_) return;
  ws::SharedFrame frame = frame_of(message);
  count_sent(message, frame);
  after_push(transport_.outbox().push(std::move(frame), priority, context_.clock.mono_ms()), {});
}

void Session::send_control(const OutgoingMessage& message) {
  if (gone_) return;
  ws::SharedFrame frame = frame_of(message);
  count_sent(message, frame);
  after_push(transport_.outbox().push_control(std::move(frame)), {});
}

void Session::reply_in_channel(MessageType type, std::string_view id, ChannelPlace& place,
                               std::string_view payload) {
  if (gone_) return;
  const OutgoingMessage message{
      .type = to_name(type), .id = id, .channel = place.channel(), .payload = payload};
  ws::SharedFrame frame = frame_of(message);
  count_sent(message, frame);
  after_push(transport_.outbox().push(std::move(frame), place, context_.clock.mono_ms()), {});
}

void Session::end_asking(ChannelPlace& place, const Error& why) {
  const auto asked = std::exchange(place.asked, nullptr);
  if (!asked || asked->empty()) return;
  ++counters_.errors;
  // As urgent as the `unsubscribed` that follows.
  reply(MessageType::error, *asked, place.channel(), error_payload(why), Priority::critical);
}

void Session::say_unsubscribed(std::string_view id, ChannelPlace& place, UnsubscribeReason reason) {
  end_asking(place, reason == UnsubscribeReason::permission_revoked ? no_longer_allowed()
                                                                    : ended_before_it_began());
  if (!gone_) transport_.outbox().end(place);
  // As urgent as `subscribed`, so that the answer to the next one does not overtake it.
  reply(MessageType::unsubscribed, id, place.channel(), unsubscribed_payload(reason),
        Priority::critical);
}

void Session::after_push(PushResult result, const BatchLimits& batch) {
  switch (result) {
    case PushResult::queued:
    case PushResult::merged:
      // A resumed session's channels come back in one write.
      if (resumption_ && !resumption_->asking && !resumption_->pouring) return;
      transport_.flush_soon(batch);
      return;
    case PushResult::dropped:
      ++counters_.dropped;
      return;
    case PushResult::overflow:
      break;
  }
  frames_lost_ = true;
  if (state_ == State::closing) return;
  state_ = State::closing;
  transport_.close_now(CloseCode::slow_consumer, "the connection reads too slowly");
}

void Session::reply(MessageType type, std::string_view id, std::string_view channel,
                    std::string_view payload, Priority priority) {
  send({.type = to_name(type), .id = id, .channel = channel, .payload = payload}, priority);
}

void Session::reply_error(std::string_view id, const Error& error, std::string_view channel) {
  ++counters_.errors;
  if (handled_ == nullptr || handled_->envelope.id != id)
    return reply(MessageType::error, id, channel, error_payload(error));
  const Envelope& envelope = handled_->envelope;
  if (channel.empty()) channel = envelope.channel;
  if (error.code != ErrorCode::invalid_message)
    return reply(MessageType::error, id, channel, error_payload(error));
  handled_->faulty = true;
  Error placed = error;
  placed.path.insert(0, batch_prefix(envelope.place));
  reply(MessageType::error, id, channel, error_payload(placed));
}

void Session::close(CloseCode code, std::string_view reason) {
  if (state_ == State::closing) return;
  state_ = State::closing;
  closing_code_ = std::to_underlying(code);
  timer_.cancel();
  transport_.close_after_flush(code, reason);
}

void Session::send_event(const DirectEvent& event) {
  send({.type = event.type, .payload = event.payload, .ts = event.ts, .key = event.key},
       Priority::normal);
}

void Session::announce_goaway(std::string_view reason, std::int64_t reconnect_after_ms) {
  if (state_ == State::closing) return;
  reply(MessageType::goaway, {}, {}, goaway_payload(reason, reconnect_after_ms),
        Priority::critical);
}

void Session::deliver(Subscription& subscription, Rendering& rendering) {
  if (state_ == State::closing || !subscription.active()) return;
  const PublicationPtr& publication = rendering.publication();
  if (publication->offset != 0 && !subscription.advance(publication->offset)) {
    lose_track(subscription);
    return;
  }
  auto& place = static_cast<ChannelPlace&>(subscription);
  if (place.acks && publication->offset != 0 && !place.acks->take(*publication)) return;
  if (!publication->echo && publication->sender().connection_id == info_.connection_id) return;
  const bool of_presence = (publication->label >= TypeLabel::presence_join &&
                            publication->label <= TypeLabel::presence_count) ||
                           publication->label == TypeLabel::receipt_changed;
  if (of_presence && !place.permissions.contains(Permission::presence)) return;
  const ws::SharedFrame& frame = rendering.frame(batch_ ? plain_form() : form_);
  ++counters_.messages_sent;
  after_push(transport_.outbox().push(frame, publication, place, place.options.overflow,
                                      rendering.now_ms()),
             batch_of(place));
}

void Session::use_batches(const std::optional<BatchWish>& wish) {
  batch_.reset();
  if (wish)
    batch_ = std::make_unique<const BatchLimits>(
        BatchLimits{.delay_ms = static_cast<MonoMillis>(wish->delay_ms),
                    .messages = wish->messages,
                    .bytes = wish->bytes});
}

void Session::spilled(Subscription& channel) {
  if (ChannelPlace* place = subscriptions_.find(channel.channel()); place == &channel) {
    Hub::pause(*place);
    place->spilled = true;
    has_spilled_ = true;
  }
  // What was dropped may have been all that waited: then no write will come.
  tell_spilled_soon();
}

StreamMode Session::mode_now(const ChannelPlace& place) const {
  return place.mode.at_least(hidden_ ? context_.config.limits.hidden_rollup.count() : 0);
}

void Session::set_hidden(bool hidden) {
  if (std::exchange(hidden_, hidden) == hidden) return;
  for (const auto& place : subscriptions_)
    context_.node.hub().change_mode(*place, mode_now(*place));
}

void Session::on_sent(std::size_t bytes) {
  counters_.bytes_sent += bytes;
  if (resumption_ && resumption_->pouring)
    context_.node.mesh().post(context_.node.index(), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) ResumeHandler::advance(*self);
    });
  tell_spilled_soon();
}

void Session::tell_spilled_soon() {
  if (!has_spilled_ || !transport_.outbox().spill_over()) return;
  has_spilled_ = false;
  // A delivery or a flush is no place to end subscriptions.
  context_.node.mesh().post(context_.node.index(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tell_spilled();
  });
}

void Session::tell_spilled() {
  std::vector<std::string> channels;
  for (const auto& place : subscriptions_)
    if (place->spilled) channels.push_back(place->channel());
  for (const std::string& channel : channels)
    revoke(channel, UnsubscribeReason::insufficient_state);
}

void Session::push_event(ChannelPlace& place, const ws::SharedFrame& frame,
                         const PublicationPtr& publication) {
  if (state_ == State::closing || !place.active()) return;
  ++counters_.messages_sent;
  after_push(transport_.outbox().push(frame, publication, place, place.options.overflow, now_ms()),
             batch_of(place));
}

ws::SharedFrame Session::render_again(const Publication& publication, std::uint64_t times) const {
  return context_.forms.render(publication, batch_ ? plain_form() : form_, times);
}

void Session::lose_track(const Subscription& subscription) {
  // The hub is iterating over its subscriptions, so this one ends after the turn's task.
  context_.node.mesh().post(context_.node.index(),
                            [weak = weak_from_this(), channel = subscription.channel()] {
                              if (const auto self = weak.lock())
                                self->revoke(channel, UnsubscribeReason::insufficient_state);
                            });
}

bool Session::revoke(std::string_view channel, UnsubscribeReason reason) {
  const auto place = subscriptions_.take(channel);
  if (!place) return false;
  // Who was only too slow comes back at once: that is no news for the others.
  const LeaveKind kind =
      reason == UnsubscribeReason::insufficient_state ? LeaveKind::lost : LeaveKind::left;
  context_.node.unsubscribe(*place, claims_.user_id, session_id_, kind, place->joined);
  say_unsubscribed({}, *place, reason);
  changed();
  return true;
}

void Session::changed() {
  if (context_.journal == nullptr || std::exchange(in_journal_, true)) return;
  context_.journal->add(info_.connection_id);
}

ws::SharedFrame Session::render(const Publication& publication) const {
  const FormId form = batch_ ? plain_form() : form_;
  if (publication.frame) return context_.forms.render(publication, form);
  return context_.forms.render(*encode_copy(context_.json, publication), form);
}

ws::SharedFrame Session::join(std::span<const ws::SharedFrame> frames) const {
  std::vector<std::string_view> payloads;
  payloads.reserve(frames.size());
  for (const ws::SharedFrame& frame : frames) payloads.push_back(frame.payload());
  auto joined = ws::SharedFrame::make(codec().binary() ? ws::Opcode::binary : ws::Opcode::text,
                                      codec().encode_batch(payloads));
  if (!deflate_ || !deflate_->server_no_context_takeover) return joined;
  return ws::compressed(joined, *deflate_, context_.deflate);
}

std::expected<Claims, Error> Session::authenticate(std::string_view token) const {
  return context_.authenticator->authenticate(token, context_.clock.wall_ms());
}

MonoMillis Session::expiry_due() const {
  return context_.clock.mono_ms() + claims_.expires_at_ms + context_.config.auth.grace.count() -
         context_.clock.wall_ms();
}

void Session::schedule_timer() {
  if (state_ == State::closing) return;
  MonoMillis due = opened_at_ + context_.config.auth.timeout.count();
  if (state_ == State::active) {
    due = std::min(heartbeat_due_, expiry_due());
    if (unanswered_since_ != kAnswered)
      due = std::min(due, unanswered_since_ + context_.config.heartbeat.timeout.count());
  }
  context_.timers.schedule(timer_, due);
}

void Session::on_timer() {
  const MonoMillis now = context_.clock.mono_ms();
  if (state_ == State::unauthenticated) {
    if (now - opened_at_ >= context_.config.auth.timeout.count()) {
      context_.metrics.auth_failures[AuthFailureLabel::timeout].add();
      return close(CloseCode::auth_timeout, "no valid auth message came in time");
    }
  } else if (now >= expiry_due()) {
    return close(CloseCode::unauthorized, "the token has expired");
  } else if (unanswered_since_ != kAnswered &&
             now - unanswered_since_ >= context_.config.heartbeat.timeout.count()) {
    return close(CloseCode::heartbeat_timeout, "no answer to the heartbeat");
  } else if (now >= heartbeat_due_) {
    send_heartbeat();
  }
  schedule_timer();
}

void Session::send_heartbeat() {
  const MonoMillis now = context_.clock.mono_ms();
  if (unanswered_since_ == kAnswered) unanswered_since_ = now;
  heartbeat_due_ = now + context_.config.heartbeat.interval.count();
  transport_.outbox().trim();
  if (all_delivered()) SessionParking::settle(*this);
  const std::string payload = heartbeat_payload(context_.clock.wall_ms());
  send_control({.type = to_name(MessageType::connection_heartbeat), .payload = payload});
}

}  // namespace tidewire
