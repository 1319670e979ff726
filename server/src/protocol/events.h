#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.h"

namespace tidewire {

/// Which typed part of a message a piece belongs to; without a kind: its text.
struct PartFields {
  std::string id;
  std::string kind;
  std::string name;
};

/// A piece of a growing message, decoded so that the server can fold it.
struct ChunkFields {
  std::string message_id;
  std::string content;
  PartFields part;
  std::uint64_t generation = 0;
  bool is_complete = false;
  std::optional<std::uint64_t> index;  // from 1; absent: order of arrival
};

/// What the server needs to know of a published event beside its bytes.
struct ValidatedEvent {
  std::optional<DeliveryClass> delivery_class;  // nullopt: a custom event, the namespace decides
  Priority priority = Priority::normal;         // the default, where the envelope names none
  std::optional<ChunkFields> chunk;             // only for chat_message_chunk
  std::optional<bool> active;  // what user_typing and agent_status_update say, which may end alone
};

/// What the server needs to know of a `user_typing` that validate_event() has accepted.
struct TypingFields {
  std::string session_id;
  bool is_typing = true;
};
[[nodiscard]] TypingFields read_typing(std::string_view payload);

/// Whether an `agent_status_update` says `isActive: true`.
[[nodiscard]] bool says_active(std::string_view payload);

/// The priority that an event tells its subscribers: nullopt when it is the default of its type.
[[nodiscard]] std::optional<Priority> told_priority(std::string_view type, Priority priority);

/// Checks the payload of an event that a client (or the HTTP API) publishes. Members that the
/// protocol does not name are allowed and pass through.
///
/// Errors: unknown_type for a name that is a command or the server's own; invalid_message with the
/// pointer of the fault; forged_sender for a user_typing of somebody else. Custom events pass (see
/// SchemaRegistry for their schemas).
[[nodiscard]] std::expected<ValidatedEvent, Error> validate_event(std::string_view type,
                                                                  std::string_view payload,
                                                                  std::string_view sender_user_id);

}  // namespace tidewire
