#include "protocol/events.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "protocol/commands.h"
#include "protocol/payload_fields.h"

namespace tidewire {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"user", "assistant", "system", "tool"};

void need_text(PayloadFields& fields) {
  if (fields.value().kind != JsonKind::string) fields.refuse("expected a string");
}

void need_text_or_null(PayloadFields& fields) {
  if (fields.value().kind != JsonKind::string && fields.value().kind != JsonKind::null)
    fields.refuse("expected a string or null");
}

void check_role(PayloadFields& fields) {
  const bool known = fields.value().kind == JsonKind::string &&
                     std::ranges::find(kRoles, fields.value().string()) != kRoles.end();
  if (!known) fields.refuse("expected user, assistant, system or tool");
}

/// A list of objects: attachments, parts.
void check_objects(PayloadFields& fields) {
  if (fields.value().kind != JsonKind::array) return fields.refuse("expected an array");
  JsonReader items = JsonReader::array(fields.value().raw);
  while (items.next()) {
    if (items.value().kind != JsonKind::object)
      fields.refuse_at(fields.here() + "/" + std::to_string(items.index()), "expected an object");
  }
}

void check_progress(PayloadFields& fields) {
  if (fields.value().kind == JsonKind::null) return;
  const auto progress = fields.value().number();
  if (!progress || *progress < 0 || *progress > 1)
    fields.refuse("expected a number from 0 to 1, or null");
}

void check_own_user(PayloadFields& fields, std::string_view sender_user_id) {
  if (fields.value().kind != JsonKind::string) return fields.refuse("expected a string");
  if (fields.value().string() == sender_user_id) return;
  fields.refuse_with(
      {ErrorCode::forged_sender, "userId is not the sender's", fields.here(), 0, {}});
}

void check_chat_message(PayloadFields& fields) {
  std::string message_id;
  std::uint64_t generation = 0;
  while (fields.next()) {
    if (fields.is("content")) need_text(fields);
    if (fields.is("role")) check_role(fields);
    if (fields.is("attachments")) check_objects(fields);
    if (fields.is("messageId")) fields.read_text(message_id, 1, kMessageIdBytesMax);
    if (fields.is("status")) need_text(fields);
    if (fields.is("generation")) fields.read_whole(generation, 1, kWholeNumberMax);
    if (fields.is("parts")) check_objects(fields);
  }
  fields.need({"content", "role"});
}

bool check_status(PayloadFields& fields) {
  bool active = false;
  while (fields.next()) {
    if (fields.is("isActive")) fields.read_bool(active);
    if (fields.is("progress")) check_progress(fields);
    if (fields.is("currentTask")) need_text_or_null(fields);
  }
  fields.need({"isActive", "progress", "currentTask"});
  return active;
}

bool check_typing(PayloadFields& fields, std::string_view sender_user_id) {
  std::string session_id;
  bool typing = true;
  while (fields.next()) {
    if (fields.is("userId")) check_own_user(fields, sender_user_id);
    if (fields.is("sessionId")) fields.read_text(session_id, 0, kTypingSessionBytesMax);
    if (fields.is("isTyping")) fields.read_bool(typing);
  }
  fields.need({"userId", "sessionId"});
  return typing;
}

PartFields read_part(PayloadFields& chunk) {
  PartFields part;
  PayloadFields fields(chunk.value().raw, chunk.here());
  while (fields.next()) {
    if (fields.is("id")) fields.read_text(part.id, 1, kPartIdBytesMax);
    if (fields.is("kind")) fields.read_text(part.kind, 1, kPartKindBytesMax);
    if (fields.is("name")) fields.read_text(part.name, 0, kPartNameBytesMax);
  }
  fields.need({"id", "kind"});
  if (fields.failed()) chunk.refuse_with(fields.error());
  return part;
}

ChunkFields read_chunk(PayloadFields& fields) {
  ChunkFields chunk;
  while (fields.next()) {
    if (fields.is("messageId")) fields.read_text(chunk.message_id, 1, kMessageIdBytesMax);
    if (fields.is("content"))
      fields.read_text(chunk.content, 0, std::numeric_limits<std::size_t>::max());
    if (fields.is("isComplete")) fields.read_bool(chunk.is_complete);
    if (fields.is("index")) fields.read_whole(chunk.index.emplace(), 1, kWholeNumberMax);
    if (fields.is("part")) chunk.part = read_part(fields);
    if (fields.is("generation")) fields.read_whole(chunk.generation, 0, kWholeNumberMax);
  }
  fields.need({"messageId", "content", "isComplete"});
  return chunk;
}

std::unexpected<Error> not_an_event() {
  return fail(ErrorCode::unknown_type, "this type is not an event to publish", "/type");
}

}  // namespace

std::optional<Priority> told_priority(std::string_view type, Priority priority) {
  const auto known = from_name<MessageType>(type);
  const auto usual = known ? default_priority_of(*known) : std::nullopt;
  if (priority == usual.value_or(Priority::normal)) return std::nullopt;
  return priority;
}

std::expected<ValidatedEvent, Error> validate_event(std::string_view type, std::string_view payload,
                                                    std::string_view sender_user_id) {
  const auto known = from_name<MessageType>(type);
  if (!known) return ValidatedEvent{};
  if (role_of(*known) != MessageRole::event) return not_an_event();
  ValidatedEvent event{delivery_class_of(*known),
                       default_priority_of(*known).value_or(Priority::normal), std::nullopt,
                       std::nullopt};
  PayloadFields fields(payload);
  if (*known == MessageType::chat_message) check_chat_message(fields);
  if (*known == MessageType::chat_message_chunk) event.chunk = read_chunk(fields);
  if (*known == MessageType::agent_status_update) event.active = check_status(fields);
  if (*known == MessageType::user_typing) event.active = check_typing(fields, sender_user_id);
  if (fields.failed()) return std::unexpected(fields.error());
  return event;
}

TypingFields read_typing(std::string_view payload) {
  TypingFields typing;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("sessionId")) fields.read_text(typing.session_id, 0, kTypingSessionBytesMax);
    if (fields.is("isTyping")) fields.read_bool(typing.is_typing);
  }
  return typing;
}

bool says_active(std::string_view payload) {
  bool active = false;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("isActive")) fields.read_bool(active);
  }
  return active;
}

}  // namespace tidewire
