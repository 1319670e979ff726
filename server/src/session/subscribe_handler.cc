#include "session/subscribe_handler.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "auth/authorizer.h"
#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/hook_handler.h"
#include "session/kept_envelope.h"
#include "session/payloads.h"
#include "session/resume_handler.h"
#include "session/session.h"

namespace tidewire {

/// A subscription that has passed every check.
struct SubscribeHandler::Wanted {
  SubscribeRequest request;
  PermissionSet permissions;
  PermissionSet granted;         // beside the rules of the connection's token,
  WallMillis granted_until = 0;  // until then
  PermissionSet ceiling = PermissionSet::all();
  StreamMode mode;
  const NamespaceConfig* options = nullptr;
  std::optional<AckState> acks;  // how far a resumed consumer was
  std::uint64_t acknowledged = 0;
  bool by_token = false;  // not by a rule of the connection's token
};

namespace {

/// What an operator grants has no end.
constexpr WallMillis kForever = std::numeric_limits<WallMillis>::max();

/// A subscription token is a token of the same user whose own rules are judged for this channel.
std::expected<Claims, Error> claims_of_token(const Session& session, std::string_view token) {
  auto claims = session.authenticate(token);
  if (!claims) {
    claims.error().path = "/payload/token";
  } else if (claims->user_id != session.user_id()) {
    return fail(ErrorCode::session_mismatch, "the token names another user", "/payload/token");
  }
  return claims;
}

StreamMode mode_of(const SubscribeCommand& command, const NamespaceConfig& options) {
  const MonoMillis window =
      command.rollup_ms ? static_cast<MonoMillis>(*command.rollup_ms) : options.rollup.count();
  StreamMode mode{.window_ms = static_cast<std::int32_t>(
                      std::max(window, static_cast<MonoMillis>(command.conflate_ms)))};
  if (command.stream == SubscribeCommand::Stream::conflate) mode.kind = StreamMode::Kind::conflate;
  if (command.stream == SubscribeCommand::Stream::final) mode.kind = StreamMode::Kind::final;
  return mode;
}

}  // namespace

std::expected<SubscribeHandler::Wanted, Error> SubscribeHandler::check(Session& session,
                                                                       const Envelope& envelope) {
  auto command = parse_subscribe(envelope.payload.empty() ? "{}" : envelope.payload);
  if (!command) return std::unexpected(std::move(command.error()));
  Wanted wanted;
  if (!command->token.empty()) {
    const auto access = access_to(session, envelope.channel);
    if (!access) return std::unexpected(access.error());
    const auto claims = claims_of_token(session, command->token);
    if (!claims) return std::unexpected(claims.error());
    wanted.granted = Authorizer::permissions(*claims, access->name, {});
    wanted.granted_until = claims->expires_at_ms;
    wanted.by_token = true;
  }
  return check(session, envelope.channel, std::move(*command), std::move(wanted));
}

std::expected<SubscribeHandler::Wanted, Error> SubscribeHandler::check(Session& session,
                                                                       std::string_view named,
                                                                       SubscribeCommand command,
                                                                       Wanted wanted) {
  auto access = access_to(session, named);
  if (!access) return std::unexpected(std::move(access.error()));
  wanted.permissions = access->permissions | wanted.granted;
  if (!wanted.permissions.contains(Permission::subscribe))
    return fail(ErrorCode::permission_denied, "no permission to subscribe to this channel",
                "/channel");
  const std::string_view channel = access->name.str();
  if (session.subscriptions_.contains(channel))
    return fail(ErrorCode::already_subscribed, "already subscribed to this channel", "/channel");
  const std::uint64_t channels_max = session.config().limits.channels_per_connection;
  if (session.subscriptions_.size() >= channels_max)
    return fail(ErrorCode::limit_exceeded,
                "a connection has at most " + std::to_string(channels_max) + " channels",
                "/channel");
  // History is a permission of its own; recovery of what was missed comes with the subscription.
  const bool may_read = wanted.permissions.contains(Permission::history);
  const std::uint64_t page_max = session.config().limits.history_page;
  wanted.request = {.channel = std::string(channel),
                    .since = std::move(command.since),
                    .history = may_read ? std::min(command.history, page_max) : 0,
                    .user_id = session.user_id(),
                    .connection_id = session.info_.connection_id,
                    .session_id = session.session_id(),
                    .info_json = session.claims_.info_json};
  wanted.options = &access->options;
  wanted.mode = mode_of(command, access->options);
  return wanted;
}

void SubscribeHandler::subscribe(Session& session, const Envelope& envelope) {
  auto wanted = check(session, envelope);
  if (!wanted) return refuse(session, envelope, wanted.error());
  if (!session.allow(RateKind::subscribes, envelope.id, envelope.channel, wanted->options)) return;
  if (asks_first(session, envelope, *wanted)) return;
  begin(session, std::move(*wanted), std::string(envelope.id));
}

/// The subscription that the URL implies has no `id` and no payload, and the connection stands or
/// falls with it.
void SubscribeHandler::refuse(Session& session, const Envelope& envelope, const Error& error) {
  const bool taken_back = error.code == ErrorCode::not_subscribed;
  if (taken_back && envelope.id.empty()) return;
  session.reply_error(envelope.id, error, envelope.channel);
  if (envelope.payload.empty() && !taken_back)
    session.close(CloseCode::forbidden, "the channel of the URL is not permitted");
}

bool SubscribeHandler::asks_first(Session& session, const Envelope& envelope,
                                  const Wanted& wanted) {
  if (!session.context_.hooks->asks(HookKind::subscribe)) return false;
  auto kept = std::make_shared<const KeptEnvelope>(envelope);
  return HookHandler::subscribe(
      session, wanted.request.channel, wanted.permissions,
      {.begin = [kept](Session& asker,
                       PermissionSet ceiling) { finish_asking(asker, kept->view(), ceiling); },
       .refuse = [kept](Session& asker,
                        const Error& error) { refuse(asker, kept->view(), error); }});
}

void SubscribeHandler::finish_asking(Session& session, const Envelope& envelope,
                                     PermissionSet ceiling) {
  auto wanted = check(session, envelope);  // much may have happened since
  if (!wanted) return refuse(session, envelope, wanted.error());
  wanted->permissions &= ceiling;
  wanted->ceiling = ceiling;
  if (!wanted->permissions.contains(Permission::subscribe))
    return refuse(session, envelope,
                  {.code = ErrorCode::permission_denied,
                   .message = "the application does not allow to subscribe to this channel",
                   .path = "/channel"});
  if (!wanted->permissions.contains(Permission::history)) wanted->request.history = 0;
  begin(session, std::move(*wanted), std::string(envelope.id));
}

void SubscribeHandler::subscribe_scope(Session& session) {
  subscribe(session,
            {.type = to_name(MessageType::subscribe), .channel = session.scope(), .payload = {}});
}

bool SubscribeHandler::subscribe_by_operator(Session& session, const std::string& channel) {
  if (session.state() != Session::State::active || session.subscriptions_.contains(channel) ||
      session.subscriptions_.size() >= session.config().limits.channels_per_connection)
    return false;
  const auto access = access_to(session, channel);
  if (!access) return false;
  PermissionSet permissions = access->permissions;
  permissions |= {Permission::subscribe};
  begin(session,
        {.request = {.channel = channel,
                     .since = std::nullopt,
                     .user_id = session.user_id(),
                     .connection_id = session.info_.connection_id,
                     .session_id = session.session_id(),
                     .info_json = session.claims_.info_json},
         .permissions = permissions,
         .granted = {Permission::subscribe},
         .granted_until = kForever,
         .mode = mode_of({}, access->options),
         .options = &access->options,
         .by_token = true},
        {});
  return true;
}

std::expected<SubscribeHandler::Wanted, Error> SubscribeHandler::check(
    Session& session, const ParkedChannel& parked) {
  Wanted wanted;
  if (parked.granted_until > session.context_.clock.wall_ms()) {
    wanted.granted = parked.granted;
    wanted.granted_until = parked.granted_until;
    wanted.by_token = true;
  }
  return check(session, parked.channel, {.since = parked.position}, std::move(wanted));
}

void SubscribeHandler::restore(Session& session, const ParkedChannel& parked) {
  auto wanted = check(session, parked);
  if (!wanted) return refuse(session, parked.channel, {}, wanted.error());
  ++session.resumption_->in_flight;
  if (asks_again(session, parked, wanted->permissions)) return;
  bring_back(session, parked, std::move(*wanted), parked.ceiling);
}

/// The application may have changed its mind while nobody was connected. What an operator did is
/// nothing to ask about.
bool SubscribeHandler::asks_again(Session& session, const ParkedChannel& parked,
                                  PermissionSet permissions) {
  if (!session.context_.hooks->asks(HookKind::subscribe) || parked.granted_until == kForever)
    return false;
  const auto kept = std::make_shared<const ParkedChannel>(parked);
  const auto arrived = [kept](Session& asker) { std::erase(asker.resumption_->asked, kept); };
  session.resumption_->asked.push_back(kept);
  const bool asks =
      HookHandler::subscribe(session, parked.channel, permissions,
                             {.begin =
                                  [kept, arrived](Session& asker, PermissionSet ceiling) {
                                    arrived(asker);
                                    auto wanted = check(asker, *kept);
                                    if (wanted)
                                      return bring_back(asker, *kept, std::move(*wanted), ceiling);
                                    refuse(asker, kept->channel, {}, wanted.error());
                                    ResumeHandler::answered(asker);
                                  },
                              .refuse =
                                  [kept, arrived](Session& asker, const Error& error) {
                                    arrived(asker);
                                    refuse(asker, kept->channel, {}, error);
                                    ResumeHandler::answered(asker);
                                  }});
  if (!asks) arrived(session);
  return asks;
}

void SubscribeHandler::bring_back(Session& session, const ParkedChannel& parked, Wanted wanted,
                                  PermissionSet ceiling) {
  wanted.ceiling = ceiling;
  wanted.permissions &= ceiling;
  if (!wanted.permissions.contains(Permission::subscribe)) {
    refuse(session, parked.channel, {}, no_longer_allowed());
    return ResumeHandler::answered(session);
  }
  wanted.mode = parked.mode;
  wanted.acks = AckState{.acked = parked.position.offset, .attempts = parked.attempts};
  wanted.acknowledged = parked.acknowledged;
  begin(session, std::move(wanted), {});
}

/// A command is answered; a restored subscription ends, with the reason.
void SubscribeHandler::refuse(Session& session, const std::string& channel, const std::string& id,
                              const Error& error) {
  if (!session.resumption_) return session.reply_error(id, error, channel);
  UnsubscribeReason reason = UnsubscribeReason::insufficient_state;
  if (error.code == ErrorCode::permission_denied) reason = UnsubscribeReason::permission_revoked;
  if (error.code == ErrorCode::limit_exceeded) reason = UnsubscribeReason::limit_exceeded;
  session.reply(MessageType::unsubscribed, {}, channel, unsubscribed_payload(reason));
}

void SubscribeHandler::begin(Session& session, Wanted wanted, std::string id) {
  const std::string channel = wanted.request.channel;
  auto place = std::make_unique<ChannelPlace>(session, channel, *wanted.options);
  place->permissions = wanted.permissions;
  place->ceiling = wanted.ceiling;
  place->mode = wanted.mode;
  place->by_token = wanted.by_token;
  if (wanted.options->acks_required())
    place->acks = std::make_shared<ConsumerAcks>(
        session, *place, *wanted.options,
        wanted.acks.value_or(
            AckState{.acked = wanted.request.since ? wanted.request.since->offset : 0}));
  place->granted = wanted.granted;
  place->granted_until = wanted.granted_until;
  place->acknowledged = wanted.acknowledged;
  if (wanted.request.since) place->stale = std::make_unique<StreamPosition>(*wanted.request.since);
  place->asked = std::make_shared<const std::string>(std::move(id));
  auto asked = place->asked;
  Subscription& subscription = session.subscriptions_.add(std::move(place));
  session.context_.node.subscribe(
      subscription, std::move(wanted.request),
      [weak = session.weak_from_this(), channel,
       asked = std::move(asked)](std::expected<SubscribeSnapshot, Error> result) {
        const auto self = weak.lock();
        if (!self) return;
        finish(*self, channel, asked, std::move(result));
        ResumeHandler::answered(*self);
      });
}

void SubscribeHandler::finish(Session& session, const std::string& channel, const Asked& asked,
                              std::expected<SubscribeSnapshot, Error> result) {
  ChannelPlace* found = session.subscriptions_.find(channel);
  // Unsubscribed in the meantime, and perhaps subscribed again.
  if (found == nullptr || found->asked != asked) return;
  ChannelPlace& place = *found;
  const std::string& id = *asked;
  place.asked.reset();
  if (!result) {
    place.joined = false;
    session.context_.node.unsubscribe(place, session.user_id(), session.session_id(),
                                      LeaveKind::left, false);
    std::ignore = session.subscriptions_.take(channel);
    return refuse(session, channel, id, result.error());
  }
  session.context_.node.hub().activate(place, result->position.offset, session.mode_now(place),
                                       result->streams);
  if (place.mode.kind == StreamMode::Kind::final) result->streams.clear();
  // Until it is known to have arrived, a resume begins before what this answer holds.
  place.epoch = std::string(result->position.epoch);  // of exactly its size
  place.settled = result->position.offset - result->publications.size();
  if (result->recovered || !result->was_recovering) {
    place.stale.reset();
  } else {
    place.acknowledged = 0;  // of another epoch
  }
  if (place.acks) place.acks->begin(*result);
  if (!place.permissions.contains(Permission::presence))
    std::erase_if(result->latest, [](const PublicationPtr& publication) {
      return publication->label == TypeLabel::receipt_changed;
    });
  if (result->was_recovering) {
    const auto label = result->recovered ? RecoveryLabel::recovered : RecoveryLabel::not_recovered;
    session.context_.metrics.recoveries[label].add();
    session.context_.metrics.recovered_publications.add(result->publications.size());
  }
  const auto publications = json_of(result->publications);
  const auto latest = json_of(result->latest);
  const auto streams = json_of(result->streams);
  session.reply_in_channel(MessageType::subscribed, id, place,
                           subscribed_payload({.epoch = result->position.epoch,
                                               .offset = result->position.offset,
                                               .recovered = result->recovered,
                                               .was_recovering = result->was_recovering,
                                               .publications_json = publications,
                                               .latest_json = latest,
                                               .streams_json = streams}));
  session.changed();
}

void SubscribeHandler::unsubscribe(Session& session, const Envelope& envelope) {
  const std::string channel(envelope.channel.empty() ? session.scope() : envelope.channel);
  const auto name = ChannelName::parse(channel);
  if (!name) return session.reply_error(envelope.id, name.error());
  const auto place = session.subscriptions_.take(channel);
  if (!place && session.hooks_ && session.hooks_->take_back(channel))
    return session.reply(MessageType::unsubscribed, envelope.id, channel,
                         unsubscribed_payload(UnsubscribeReason::unsubscribe), Priority::critical);
  if (!place)
    return session.reply_error(envelope.id,
                               {.code = ErrorCode::not_subscribed,
                                .message = "not subscribed to this channel",
                                .path = "/channel"},
                               channel);
  session.context_.node.unsubscribe(*place, session.user_id(), session.session_id(),
                                    LeaveKind::left, place->joined);
  session.say_unsubscribed(envelope.id, *place, UnsubscribeReason::unsubscribe);
  session.changed();
}

}  // namespace tidewire
