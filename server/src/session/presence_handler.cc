#include "session/presence_handler.h"

#include <string>
#include <utility>

#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {
namespace {

/// The channel, when the session may see its presence and there is one.
std::expected<std::string, Error> presence_channel(const Session& session,
                                                   const Envelope& envelope) {
  auto access = access_to(session, envelope.channel, Permission::presence);
  if (!access) return std::unexpected(std::move(access.error()));
  if (!access->options.presence)
    return fail(ErrorCode::unsupported, "this namespace keeps no presence", "/channel");
  return std::string(access->name.str());
}

}  // namespace

void PresenceHandler::query(Session& session, const Envelope& envelope) {
  const auto command = parse_presence(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  const auto channel = presence_channel(session, envelope);
  if (!channel) return session.reply_error(envelope.id, channel.error(), envelope.channel);
  session.context_.node.presence(
      *channel, [weak = session.weak_from_this(), id = std::string(envelope.id), channel = *channel,
                 last_seen = command->last_seen](const PresenceReport& report) {
        if (const auto self = weak.lock())
          self->reply(MessageType::presence, id, channel,
                      presence_report_payload(report, last_seen));
      });
}

void PresenceHandler::update(Session& session, const Envelope& envelope) {
  const auto command = parse_presence_update(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  const auto channel = presence_channel(session, envelope);
  if (!channel) return session.reply_error(envelope.id, channel.error(), envelope.channel);
  const std::uint64_t bytes_max = session.config().limits.presence_info_bytes;
  if (command->info.size() > bytes_max)
    return session.reply_error(envelope.id,
                               {.code = ErrorCode::limit_exceeded,
                                .message = "bytes of info are at most " + std::to_string(bytes_max),
                                .path = "/payload/info"},
                               envelope.channel);
  if (!session.allow(RateKind::presence_updates, envelope.id, envelope.channel)) return;
  session.context_.node.presence_update(
      {*channel, session.user_id(), session.session_id(), std::string(command->info)},
      [weak = session.weak_from_this(), id = std::string(envelope.id),
       channel = *channel](const std::expected<void, Error>& result) {
        const auto self = weak.lock();
        if (!self) return;
        if (!result) return self->reply_error(id, result.error(), channel);
        if (!id.empty()) self->reply(MessageType::ack, id, channel, ack_payload({}));
      });
}

}  // namespace tidewire
