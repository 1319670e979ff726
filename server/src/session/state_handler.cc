#include "session/state_handler.h"

#include <utility>
#include <vector>

#include "protocol/commands.h"
#include "session/channel_access.h"
#include "session/payloads.h"
#include "session/session.h"

namespace tidewire {
void StateHandler::get(Session& session, const Envelope& envelope) {
  auto command = parse_state_get(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  const auto access = access_to(session, envelope.channel, Permission::state);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  std::string channel(access->name.str());
  session.context_.node.state_get(
      channel, command->key,
      [weak = session.weak_from_this(), id = std::string(envelope.id), channel,
       key = command->key](const std::expected<std::vector<StateEntry>, Error>& entries) {
        const auto self = weak.lock();
        if (!self) return;
        if (!entries) return self->reply_error(id, entries.error(), channel);
        self->reply(MessageType::state, id, channel, state_entries_payload(key, *entries));
      });
}

void StateHandler::set(Session& session, const Envelope& envelope) {
  auto command = parse_state_set(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  change(session, envelope,
         {.key = std::move(command->key),
          .value_json = std::string(command->value),
          .if_version = command->if_version,
          .ttl_ms = static_cast<std::int64_t>(command->ttl_ms)});
}

void StateHandler::erase(Session& session, const Envelope& envelope) {
  auto command = parse_state_delete(envelope.payload);
  if (!command) return session.reply_error(envelope.id, command.error(), envelope.channel);
  change(session, envelope, {.key = std::move(command->key), .if_version = command->if_version});
}

void StateHandler::change(Session& session, const Envelope& envelope, StateChange wanted) {
  const auto access = access_to(session, envelope.channel, Permission::state);
  if (!access) return session.reply_error(envelope.id, access.error(), envelope.channel);
  if (!session.allow(RateKind::publishes, envelope.id, envelope.channel, &access->options)) return;
  wanted.channel = access->name.str();
  wanted.from = {session.user_id(), session.info_.connection_id, session.info_.client};
  // The answer repeats what was written; after a delete there is nothing, which is version 0.
  StateEntry written{wanted.key, wanted.value_json.value_or(""), 0};
  session.context_.node.state_change(
      std::move(wanted), [weak = session.weak_from_this(), id = std::string(envelope.id),
                          channel = std::string(access->name.str()), written = std::move(written)](
                             const std::expected<StateChanged, Error>& changed) mutable {
        const auto self = weak.lock();
        if (!self) return;
        if (!changed) return self->reply_error(id, changed.error(), channel);
        if (id.empty()) return;  // fire and forget
        if (!written.value_json.empty()) {
          written.version = changed->version;
          written.expires_at = changed->expires_at;
        }
        self->reply(MessageType::state, id, channel, state_entry_payload(written));
      });
}

}  // namespace tidewire
