#include "session/ack_handler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/channel_name.h"
#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {
namespace {

Error not_sent(std::string path) {
  return {.code = ErrorCode::invalid_message,
          .message = "nothing was sent up to there yet",
          .path = std::move(path)};
}

}  // namespace

/// Moves the cursors of `place`; false when the ack says nothing new.
bool AckHandler::take(Session& session, ChannelPlace& place, const AckCommand& command) {
  auto& acks = session.context_.metrics.acks;
  if (command.epoch != place.epoch) {
    acks[AckLabel::stale_epoch].add();
    return false;
  }
  const std::uint64_t offset = std::max(command.offset, command.read.value_or(0));
  // What has become a dead letter meanwhile is passed, but for the others it is news that the
  // consumer has it.
  const bool news = offset > place.acknowledged;
  const bool moved =
      place.acks ? place.acks->acknowledge(offset) == AckTracker::Result::moved : news;
  acks[moved ? AckLabel::moved : AckLabel::repeated].add();
  place.acknowledged = std::max(place.acknowledged, offset);
  if (place.options.receipts && (news || command.read))
    session.context_.node.acknowledge({.channel = place.channel(),
                                       .user_id = session.user_id(),
                                       .delivered = {place.epoch, offset},
                                       .read = command.read.value_or(0)});
  return moved;
}

void AckHandler::acknowledge(Session& session, const Envelope& envelope) {
  const auto command = parse_ack(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  const std::string_view channel = envelope.channel.empty() ? session.scope() : envelope.channel;
  if (const auto name = ChannelName::parse(channel); !name)
    return session.reply_error(envelope.id, name.error());
  ChannelPlace* found = session.subscriptions_.find(channel);
  if (found == nullptr)
    return session.reply_error(envelope.id, {.code = ErrorCode::not_subscribed,
                                             .message = "not subscribed to this channel",
                                             .path = "/channel"});
  ChannelPlace& place = *found;
  const std::uint64_t sent = place.acks ? place.acks->tracker().sent() : place.last_offset();
  const bool ahead = command->offset > sent;
  if (command->epoch == place.epoch && (ahead || command->read.value_or(0) > sent)) {
    session.context_.metrics.acks[AckLabel::ahead].add();
    return session.reply_error(envelope.id, not_sent(ahead ? "/payload/offset" : "/payload/read"),
                               channel);
  }
  const bool moved = take(session, place, *command);
  if (envelope.id.empty()) return;
  const std::string payload =
      ack_payload({.offset = place.acknowledged, .epoch = place.epoch, .duplicate = !moved});
  session.reply(MessageType::ack, envelope.id, place.channel(), payload);
}

void AckHandler::receipts(Session& session, const Envelope& envelope) {
  const auto command = parse_receipts(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  const auto access = access_to(session, envelope.channel, Permission::presence);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  if (!access->options.receipts)
    return session.reply_error(envelope.id,
                               {.code = ErrorCode::unsupported,
                                .message = "this namespace keeps no receipts",
                                .path = "/channel"},
                               envelope.channel);
  session.context_.node.receipts(
      std::string(access->name.str()), command->offset,
      [weak = session.weak_from_this(), id = std::string(envelope.id),
       channel = std::string(access->name.str())](const ReceiptList& list) {
        if (const auto self = weak.lock())
          self->reply(MessageType::receipts, id, channel, receipt_list_payload(list));
      });
}

}  // namespace tidewire
