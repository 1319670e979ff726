#include "session/event_check.h"

#include <utility>

namespace tidewire {

std::expected<CheckedEvent, Error> check_event(const EventToCheck& event, SchemaRegistry& schemas) {
  auto known = validate_event(event.type, event.payload, event.user_id);
  if (!known) return std::unexpected(std::move(known.error()));
  if (known->delivery_class)
    return CheckedEvent{*known->delivery_class, known->priority, std::move(known->chunk),
                        known->active};
  if (event.options.delivery_class == DeliveryClass::stream)
    return fail(ErrorCode::unsupported,
                "custom events cannot be pieces of a message; send chat_message_chunk", "/type");
  auto valid = schemas.validate(event.channel.name_space(), event.type, event.payload);
  if (!valid) return std::unexpected(std::move(valid.error()));
  return CheckedEvent{event.options.delivery_class, known->priority, std::nullopt, std::nullopt};
}

}  // namespace tidewire
