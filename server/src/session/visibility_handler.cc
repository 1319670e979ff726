#include "session/visibility_handler.h"

#include "protocol/commands.h"
#include "protocol/replies.h"
#include "session/session.h"

namespace tidewire {

void VisibilityHandler::change(Session& session, const Envelope& envelope) {
  auto command = parse_visibility(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error());
  session.set_hidden(command->hidden);
  if (!envelope.id.empty()) session.reply(MessageType::ack, envelope.id, {}, ack_payload({}));
}

}  // namespace tidewire
