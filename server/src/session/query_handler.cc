#include "session/query_handler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/channel_access.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {

void QueryHandler::history(Session& session, const Envelope& envelope) {
  auto command = parse_history(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  const auto access = access_to(session, envelope.channel, Permission::history);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  const std::uint64_t page_max = session.config().limits.history_page;
  HistoryQuery query{.since = std::move(command->since),
                     .limit = std::min(command->limit, page_max),
                     .reverse = command->reverse};
  session.context_.node.history(
      std::string(access->name.str()), std::move(query),
      [weak = session.weak_from_this(), id = std::string(envelope.id),
       channel = std::string(access->name.str())](std::expected<HistoryPage, Error> page) {
        const auto self = weak.lock();
        if (!self) return;
        if (!page) return self->reply_error(id, page.error(), channel);
        self->reply(MessageType::history, id, channel, history_page_payload(*page));
      });
}

void QueryHandler::heartbeat(Session& session, const Envelope& envelope) {
  auto command = parse_heartbeat(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  if (command->is_answer && envelope.id.empty()) return;
  const std::string payload =
      heartbeat_answer_payload(command->timestamp, session.context_.clock.wall_ms());
  session.send_control(
      {.type = to_name(MessageType::connection_heartbeat), .id = envelope.id, .payload = payload});
}

}  // namespace tidewire
