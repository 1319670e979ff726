#include "protocol/replies.h"

#include "protocol/json_writer.h"

namespace tidewire {
namespace {

std::size_t bytes_of(std::span<const std::string_view> items) {
  std::size_t bytes = 0;
  for (const auto item : items) bytes += item.size() + 1;
  return bytes;
}

std::string member_json(const PresenceMember& member, bool with_since) {
  JsonObject out(96 + member.user_id.size() + member.info_json.size());
  out.text("userId", member.user_id).number("clients", member.clients);
  if (!member.info_json.empty()) out.raw("info", member.info_json);
  if (with_since && member.since_ms) out.number("since", *member.since_ms);
  return out.finish();
}

JsonObject part_head(const PartItem& part) {
  JsonObject out(32 + part.id.size() + part.kind.size() + part.name.size());
  if (!part.id.empty()) out.text("id", part.id);
  out.text("kind", part.kind);
  if (!part.name.empty()) out.text("name", part.name);
  return out;
}

std::string parts_json(std::span<const PartItem> parts) {
  std::string list = "[";
  for (const PartItem& part : parts) {
    if (list.size() > 1) list += ',';
    JsonObject item = part_head(part);
    if (!part.id.empty()) item.text("content", part.content);
    list += item.finish();
  }
  return list += ']';
}

std::string text_array(std::span<const std::string> texts) {
  std::string array = "[";
  for (const std::string& text : texts) {
    if (array.size() > 1) array += ',';
    append_json_string(array, text);
  }
  return array += ']';
}

}  // namespace

std::string welcome_payload(const Welcome& welcome) {
  const std::string limits = JsonObject(64)
                                 .number("messageBytes", welcome.message_bytes_max)
                                 .number("channels", welcome.channels_max)
                                 .finish();
  JsonObject payload(384);
  payload.text("connectionId", welcome.connection_id)
      .text("sessionId", welcome.session_id)
      .text("userId", welcome.user_id)
      .boolean("resumed", welcome.resumed)
      .number("expiresAt", welcome.expires_at_ms)
      .number("heartbeatMs", welcome.heartbeat_ms)
      .number("heartbeatTimeoutMs", welcome.heartbeat_timeout_ms)
      .raw("limits", limits)
      .text("server", welcome.server)
      .number("protocol", kProtocolVersion);
  if (welcome.resumed) payload.raw("restored", text_array(welcome.restored));
  return payload.finish();
}

std::string subscribed_payload(const Subscribed& subscribed) {
  return JsonObject(192 + bytes_of(subscribed.publications_json) +
                    bytes_of(subscribed.latest_json) + bytes_of(subscribed.streams_json))
      .text("epoch", subscribed.epoch)
      .number("offset", subscribed.offset)
      .boolean("recovered", subscribed.recovered)
      .boolean("wasRecovering", subscribed.was_recovering)
      .raw_array("publications", subscribed.publications_json)
      .raw_array("latest", subscribed.latest_json)
      .raw_array("streams", subscribed.streams_json)
      .finish();
}

std::string unsubscribed_payload(UnsubscribeReason reason) {
  return JsonObject(40).text("reason", to_name(reason)).finish();
}

std::string ack_payload(const Ack& ack) {
  JsonObject out(96);
  if (ack.offset) out.number("offset", *ack.offset).text("epoch", ack.epoch);
  out.boolean("duplicate", ack.duplicate);
  if (!ack.state.empty()) out.text("state", ack.state);
  return out.finish();
}

std::string receipt_changed_payload(const ReceiptCursor& cursor) {
  return JsonObject(64 + cursor.user_id.size())
      .text("userId", cursor.user_id)
      .number("delivered", cursor.delivered)
      .number("read", cursor.read)
      .finish();
}

std::string receipts_payload(std::string_view epoch, std::span<const ReceiptCursor> cursors) {
  std::string list = "[";
  for (const ReceiptCursor& cursor : cursors) {
    if (list.size() > 1) list += ',';
    list += receipt_changed_payload(cursor);
  }
  return JsonObject(48 + list.size()).text("epoch", epoch).raw("consumers", list + "]").finish();
}

std::string receipt_payload(const ReceiptNotice& receipt) {
  std::string list = "[";
  for (const std::string& user : receipt.consumers) {
    if (list.size() > 1) list += ',';
    append_json_string(list, user);
  }
  return JsonObject(128 + list.size())
      .number("offset", receipt.offset)
      .text("epoch", receipt.epoch)
      .text("kind", receipt.kind)
      .number("count", receipt.count)
      .raw("consumers", list + "]")
      .boolean("complete", receipt.complete)
      .finish();
}

std::string dead_letter_payload(const DeadLetter& letter) {
  const std::string consumer = JsonObject(48 + letter.user_id.size() + letter.session_id.size())
                                   .text("userId", letter.user_id)
                                   .text("sessionId", letter.session_id)
                                   .finish();
  return JsonObject(192 + letter.channel.size() + consumer.size() + letter.event_json.size())
      .text("channel", letter.channel)
      .number("offset", letter.offset)
      .text("epoch", letter.epoch)
      .raw("consumer", consumer)
      .number("attempts", letter.attempts)
      .raw("event", letter.event_json)
      .finish();
}

std::string transfer_ack_payload(const TransferAck& ack) {
  return JsonObject(128)
      .text("transferId", ack.transfer_id)
      .number("nextIndex", ack.next_index)
      .number("received", ack.received)
      .boolean("duplicate", ack.duplicate)
      .finish();
}

std::string history_payload(const History& history) {
  return JsonObject(96 + bytes_of(history.publications_json))
      .text("epoch", history.epoch)
      .number("offset", history.offset)
      .raw_array("publications", history.publications_json)
      .finish();
}

std::string presence_payload(const PresenceList& list) {
  std::string members = "[";
  for (const PresenceMember& member : list.members) {
    if (members.size() > 1) members += ',';
    members += member_json(member, true);
  }
  members += ']';
  JsonObject out(members.size() + 64);
  out.raw("members", members).number("total", list.total).boolean("complete", list.complete);
  if (!list.last_seen) return out.finish();
  std::string left = "[";
  for (const LeftUser& user : *list.last_seen) {
    if (left.size() > 1) left += ',';
    left += JsonObject(64).text("userId", user.user_id).number("at", user.at_ms).finish();
  }
  return out.raw("lastSeen", left + ']').finish();
}

std::string presence_count_payload(std::uint64_t total, bool complete) {
  return JsonObject(40).number("total", total).boolean("complete", complete).finish();
}

std::string typing_payload(std::string_view user_id, std::string_view session_id, bool is_typing) {
  return JsonObject(64 + user_id.size() + session_id.size())
      .text("userId", user_id)
      .text("sessionId", session_id)
      .boolean("isTyping", is_typing)
      .finish();
}

std::string_view idle_status_payload() {
  return R"({"isActive":false,"progress":null,"currentTask":null})";
}

std::string presence_change_payload(const PresenceMember& member) {
  return member_json(member, false);
}

std::string error_payload(const Error& error) {
  JsonObject out(128 + error.message.size() + error.path.size() + error.details.size());
  out.number("code", static_cast<int>(error.code))
      .text("name", to_name(error.code))
      .text("message", error.message)
      .boolean("retryable", is_retryable(error.code));
  // The empty pointer is the whole message (RFC 6901 section 5).
  if (!error.path.empty() || error.code == ErrorCode::invalid_message) out.text("path", error.path);
  if (error.retry_after_ms > 0) out.number("retryAfterMs", error.retry_after_ms);
  return out.members(error.details).finish();
}

std::string state_payload(const StateItem& item) {
  JsonObject out(64 + item.key.size() + item.value_json.size());
  out.text("key", item.key);
  if (!item.value_json.empty()) out.raw("value", item.value_json);
  out.number("version", item.version);
  if (item.expires_at_ms != 0) out.number("expiresAt", item.expires_at_ms);
  return out.finish();
}

std::string state_list_payload(std::span<const StateItem> items) {
  std::string list = "[";
  for (const StateItem& item : items) {
    if (list.size() > 1) list += ',';
    list += state_payload(item);
  }
  list += ']';
  return JsonObject(list.size() + 16).raw("entries", list).finish();
}

std::string state_changed_payload(const StateItem& item, std::string_view reason) {
  JsonObject out(96 + item.key.size() + item.value_json.size());
  out.text("key", item.key);
  const bool deleted = item.value_json.empty();
  if (!deleted) out.raw("value", item.value_json);
  out.number("version", item.version);
  if (item.expires_at_ms != 0) out.number("expiresAt", item.expires_at_ms);
  if (deleted) out.boolean("deleted", true);
  if (!reason.empty()) out.text("reason", reason);
  return out.finish();
}

std::string rpc_request_payload(const RpcRequestItem& request) {
  JsonObject caller;
  caller.text("userId", request.user_id);
  if (!request.connection_id.empty())
    caller.text("connectionId", request.connection_id).text("client", request.client);
  JsonObject out(192 + request.params_json.size());
  out.text("requestId", request.request_id)
      .text("method", request.method)
      .raw("params", request.params_json)
      .raw("caller", caller.finish())
      .number("timeoutMs", request.timeout_ms);
  if (request.attempt > 1) out.number("attempt", request.attempt);
  return out.finish();
}

std::string rpc_result_payload(std::string_view result_json, std::string_view message_id) {
  JsonObject out(32 + result_json.size() + message_id.size());
  out.raw("result", result_json);
  if (!message_id.empty()) out.text("messageId", message_id);
  return out.finish();
}

std::string rpc_cancel_payload(std::string_view request_id, std::string_view reason) {
  return JsonObject(80).text("requestId", request_id).text("reason", reason).finish();
}

std::string goaway_payload(std::string_view reason, std::int64_t reconnect_after_ms) {
  return JsonObject(64)
      .text("reason", reason)
      .number("reconnectAfterMs", reconnect_after_ms)
      .finish();
}

std::string heartbeat_payload(std::int64_t now_ms) {
  return JsonObject(40).number("timestamp", now_ms).finish();
}

std::string heartbeat_answer_payload(std::string_view timestamp_json, std::int64_t now_ms) {
  return JsonObject(80).raw("timestamp", timestamp_json).number("serverTime", now_ms).finish();
}

std::string chunk_payload(const ChunkDelivery& chunk) {
  JsonObject out(128 + chunk.message_id.size() + chunk.content.size() + chunk.content.size() / 8);
  out.text("messageId", chunk.message_id)
      .text("content", chunk.content)
      .boolean("isComplete", chunk.is_complete);
  if (chunk.index) out.number("index", *chunk.index);
  const std::string rev =
      "[" + std::to_string(chunk.rev.first) + "," + std::to_string(chunk.rev.second) + "]";
  out.raw("rev", rev);
  if (chunk.snapshot) out.boolean("snapshot", true);
  if (!chunk.status.empty()) out.text("status", chunk.status);
  if (chunk.generation != 0) out.number("generation", chunk.generation);
  if (chunk.part != nullptr) out.raw("part", part_head(*chunk.part).finish());
  if (!chunk.parts.empty()) out.raw("parts", parts_json(chunk.parts));
  return out.finish();
}

std::string stream_status_payload(std::string_view status, std::span<const StreamItem> streams) {
  std::string list = "[";
  for (const StreamItem& stream : streams) {
    if (list.size() > 1) list += ',';
    const std::string producer = JsonObject()
                                     .text("userId", stream.user_id)
                                     .text("connectionId", stream.connection_id)
                                     .text("client", stream.client)
                                     .finish();
    list += JsonObject()
                .text("messageId", stream.message_id)
                .number("generation", stream.generation)
                .number("rev", stream.rev)
                .number("startedAt", stream.started_at)
                .raw("producer", producer)
                .finish();
  }
  return JsonObject().text("status", status).raw("streams", list + "]").finish();
}

std::string stream_cancel_payload(std::string_view message_id, std::string_view reason) {
  JsonObject out(48 + message_id.size() + reason.size());
  out.text("messageId", message_id);
  if (!reason.empty()) out.text("reason", reason);
  return out.finish();
}

std::string chat_message_payload(const ChatMessage& message) {
  JsonObject out(64 + message.content.size() + message.content.size() / 8 +
                 message.message_id.size());
  out.text("content", message.content)
      .text("role", message.role)
      .text("messageId", message.message_id);
  if (!message.status.empty()) out.text("status", message.status);
  if (message.generation != 0) out.number("generation", message.generation);
  if (!message.parts.empty()) out.raw("parts", parts_json(message.parts));
  return out.finish();
}

}  // namespace tidewire
