#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "config/config.h"
#include "protocol/channel_name.h"
#include "protocol/events.h"
#include "protocol/schema_registry.h"

namespace tidewire {

/// An event that somebody wants to publish, before its payload has been looked at.
struct EventToCheck {
  ChannelName channel;
  const NamespaceConfig& options;
  std::string_view type;
  std::string_view payload;
  std::string_view user_id;
};

/// What the payload and the namespace say about it.
struct CheckedEvent {
  DeliveryClass delivery = DeliveryClass::durable;
  Priority priority = Priority::normal;
  std::optional<ChunkFields> chunk;
  std::optional<bool> active;
};

/// Checks the payload: built-in types by their rules, custom ones by the schema that the namespace
/// names. The same for clients and the server API.
[[nodiscard]] std::expected<CheckedEvent, Error> check_event(const EventToCheck& event,
                                                             SchemaRegistry& schemas);

}  // namespace tidewire
