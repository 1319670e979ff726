#include "protocol/commands.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <utility>

#include "protocol/envelope.h"
#include "protocol/payload_fields.h"

namespace tidewire {
namespace {

constexpr std::size_t kAnyLength = std::numeric_limits<std::size_t>::max();

template <typename Command>
std::expected<Command, Error> finish(const PayloadFields& fields, Command command) {
  if (fields.failed()) return std::unexpected(fields.error());
  return command;
}

void read_position_field(PayloadFields& fields, StreamPosition& position) {
  if (fields.is("epoch")) fields.read_text(position.epoch, 1, kEpochTextBytesMax);
  if (fields.is("offset")) fields.read_whole(position.offset, 0, kWholeNumberMax);
}

/// Reads the object at `outer`'s cursor as {epoch, offset}.
void read_position(PayloadFields& outer, std::optional<StreamPosition>& target) {
  if (outer.value().kind != JsonKind::object) return outer.refuse("expected an object");
  StreamPosition position;
  PayloadFields fields(outer.value().raw, outer.here());
  while (fields.next()) read_position_field(fields, position);
  fields.need({"epoch", "offset"});
  if (fields.failed()) return outer.refuse_with(fields.error());
  target = std::move(position);
}

/// `true`, `false`, or an object with limits.
void read_batch(PayloadFields& outer, std::optional<BatchWish>& target) {
  target.reset();
  if (outer.value().kind == JsonKind::boolean) {
    if (outer.value().boolean() == true) target.emplace();
    return;
  }
  if (outer.value().kind != JsonKind::object)
    return outer.refuse("expected a boolean or an object");
  BatchWish wish;
  PayloadFields fields(outer.value().raw, outer.here());
  while (fields.next()) {
    if (fields.is("messages")) fields.read_whole(wish.messages, 1, kBatchMessagesMax);
    if (fields.is("bytes")) fields.read_whole(wish.bytes, kBatchBytesMin, kBatchBytesMax);
    if (fields.is("delayMs")) fields.read_whole(wish.delay_ms, 0, kBatchDelayMsMax);
  }
  if (fields.failed()) return outer.refuse_with(fields.error());
  target = wish;
}

void read_stream_mode(PayloadFields& fields, SubscribeCommand& command) {
  constexpr std::string_view kConflate = "conflate:";
  const std::string mode =
      fields.value().kind == JsonKind::string ? fields.value().string() : std::string();
  command.conflate_ms = 0;
  if (mode == "live" || mode == "final") {
    command.stream =
        mode == "live" ? SubscribeCommand::Stream::live : SubscribeCommand::Stream::final;
    return;
  }
  command.stream = SubscribeCommand::Stream::conflate;
  const char* end = mode.data() + mode.size();
  if (mode.starts_with(kConflate)) {
    const auto [rest, fault] =
        std::from_chars(mode.data() + kConflate.size(), end, command.conflate_ms);
    if (fault == std::errc() && rest == end && command.conflate_ms >= 1 &&
        command.conflate_ms <= kRollupMsMax)
      return;
  }
  fields.refuse("expected live, final, or conflate:<ms> with 1 to 10000 milliseconds");
}

void read_visibility(PayloadFields& fields, bool& hidden) {
  const std::string state =
      fields.value().kind == JsonKind::string ? fields.value().string() : std::string();
  hidden = state == "hidden";
  if (!hidden && state != "visible") fields.refuse("expected visible or hidden");
}

void read_number(PayloadFields& fields, std::optional<std::uint64_t>& target) {
  std::uint64_t number = 0;
  fields.read_whole(number, 0, kWholeNumberMax);
  target = number;
}

/// Reads {channel: {epoch, offset}}.
void read_positions(PayloadFields& outer, AuthCommand& command) {
  if (outer.value().kind != JsonKind::object) return outer.refuse("expected an object");
  command.positions.clear();
  JsonReader members = JsonReader::object(outer.value().raw);
  while (members.next()) {
    const std::string path = outer.here() + "/" + pointer_token(members.key());
    if (command.positions.size() == kPositionsMax)
      return outer.refuse_at(path, "at most " + std::to_string(kPositionsMax) + " positions");
    if (members.value().kind != JsonKind::object)
      return outer.refuse_at(path, "expected an object");
    StreamPosition position;
    PayloadFields fields(members.value().raw, path);
    while (fields.next()) read_position_field(fields, position);
    fields.need({"epoch", "offset"});
    if (fields.failed()) return outer.refuse_with(fields.error());
    command.positions.emplace_back(members.key(), std::move(position));
  }
}

void read_methods(PayloadFields& fields, std::vector<std::string>& methods) {
  if (fields.value().kind != JsonKind::array) return fields.refuse("expected an array");
  methods.clear();
  JsonReader items = JsonReader::array(fields.value().raw);
  while (items.next()) {
    const std::string path = fields.here() + "/" + std::to_string(items.index());
    if (methods.size() == kMethodsMax)
      return fields.refuse_at(path, "at most " + std::to_string(kMethodsMax) + " methods");
    if (items.value().kind != JsonKind::string) return fields.refuse_at(path, "expected a string");
    methods.push_back(items.value().string());
    if (methods.back().empty() || methods.back().size() > kMethodBytesMax)
      return fields.refuse_at(path, "a method's name has 1 to 128 bytes");
  }
}

void read_failure(PayloadFields& outer, RpcResponseCommand& response) {
  if (outer.value().kind != JsonKind::object) return outer.refuse("expected an object");
  PayloadFields fields(outer.value().raw, outer.here());
  while (fields.next()) {
    if (fields.is("name")) fields.read_text(response.error_name, 1, kMethodBytesMax);
    if (fields.is("message")) fields.read_text(response.error_message, 0, kAnyLength);
  }
  fields.need({"name", "message"});
  if (fields.failed()) outer.refuse_with(fields.error());
}

std::expected<RpcResponseCommand, Error> read_response(
    std::string_view payload, std::initializer_list<std::string_view> required) {
  RpcResponseCommand command;
  PayloadFields fields(payload);
  bool failed = false;
  while (fields.next()) {
    if (fields.is("requestId")) fields.read_text(command.request_id, 1, kSessionIdBytesMax);
    if (fields.is("result")) command.result = fields.value().raw;
    if (fields.is("messageId")) fields.read_text(command.message_id, 1, kMessageIdBytesMax);
    if (fields.is("error")) {
      failed = true;
      read_failure(fields, command);
    }
  }
  fields.need(required);
  const bool answered = !command.result.empty() || !command.message_id.empty();
  if (failed == answered)
    fields.refuse_at("/payload", "either an error, or a result, a messageId or both");
  if (answered && command.result.empty()) command.result = "null";
  return finish(fields, std::move(command));
}

}  // namespace

std::expected<AuthCommand, Error> parse_auth(std::string_view payload) {
  AuthCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("token")) fields.read_text(command.token, 1, kTokenBytesMax);
    if (fields.is("sessionId")) fields.read_text(command.session_id, 1, kSessionIdBytesMax);
    if (fields.is("client")) fields.read_text(command.client, 0, kClientBytesMax);
    if (fields.is("batch")) read_batch(fields, command.batch);
    if (fields.is("positions")) read_positions(fields, command);
  }
  fields.need({"token"});
  return finish(fields, std::move(command));
}

std::expected<SubscribeCommand, Error> parse_subscribe(std::string_view payload) {
  SubscribeCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("since")) read_position(fields, command.since);
    if (fields.is("history")) fields.read_whole(command.history, 0, kHistoryLimitMax);
    if (fields.is("token")) fields.read_text(command.token, 1, kTokenBytesMax);
    if (fields.is("stream")) read_stream_mode(fields, command);
    if (fields.is("rollup")) fields.read_whole(command.rollup_ms.emplace(), 0, kRollupMsMax);
  }
  return finish(fields, std::move(command));
}

std::expected<VisibilityCommand, Error> parse_visibility(std::string_view payload) {
  VisibilityCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("state")) read_visibility(fields, command.hidden);
  }
  fields.need({"state"});
  return finish(fields, command);
}

std::expected<AckCommand, Error> parse_ack(std::string_view payload) {
  AckCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("offset")) fields.read_whole(command.offset, 0, kWholeNumberMax);
    if (fields.is("epoch")) fields.read_text(command.epoch, 1, kEpochTextBytesMax);
    if (fields.is("read")) read_number(fields, command.read);
  }
  fields.need({"offset", "epoch"});
  return finish(fields, std::move(command));
}

std::expected<PresenceCommand, Error> parse_presence(std::string_view payload) {
  PresenceCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("lastSeen")) fields.read_bool(command.last_seen);
  }
  return finish(fields, command);
}

std::expected<PresenceUpdateCommand, Error> parse_presence_update(std::string_view payload) {
  PresenceUpdateCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (!fields.is("info")) continue;
    if (fields.value().kind != JsonKind::object) fields.refuse("expected an object");
    command.info = fields.value().raw;
  }
  fields.need({"info"});
  return finish(fields, command);
}

std::expected<ReceiptsCommand, Error> parse_receipts(std::string_view payload) {
  ReceiptsCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("offset")) fields.read_whole(command.offset, 1, kWholeNumberMax);
  }
  return finish(fields, command);
}

std::expected<HistoryCommand, Error> parse_history(std::string_view payload) {
  HistoryCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("since")) read_position(fields, command.since);
    if (fields.is("limit")) fields.read_whole(command.limit, 0, kHistoryLimitMax);
    if (fields.is("reverse")) fields.read_bool(command.reverse);
  }
  fields.need({"limit"});
  return finish(fields, std::move(command));
}

std::expected<RpcCommand, Error> parse_rpc(std::string_view payload) {
  RpcCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("method")) fields.read_text(command.method, 1, kMethodBytesMax);
    if (fields.is("params")) command.params = fields.value().raw;
    if (fields.is("timeoutMs")) fields.read_whole(command.timeout_ms, 1, kRpcTimeoutMsMax);
  }
  fields.need({"method"});
  return finish(fields, std::move(command));
}

std::expected<RpcCancelCommand, Error> parse_rpc_cancel(std::string_view payload) {
  RpcCancelCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("id")) fields.read_text(command.id, 1, kIdBytesMax);
  }
  fields.need({"id"});
  return finish(fields, std::move(command));
}

std::expected<RpcServeCommand, Error> parse_rpc_serve(std::string_view payload) {
  RpcServeCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("methods")) read_methods(fields, command.methods);
    if (fields.is("idempotent")) read_methods(fields, command.idempotent);
  }
  fields.need({"methods"});
  for (std::size_t i = 0; i < command.idempotent.size(); ++i)
    if (std::ranges::find(command.methods, command.idempotent[i]) == command.methods.end())
      fields.refuse_at("/payload/idempotent/" + std::to_string(i), "is not one of `methods`");
  return finish(fields, std::move(command));
}

std::expected<RpcResponseCommand, Error> parse_rpc_response(std::string_view payload) {
  return read_response(payload, {"requestId"});
}

std::expected<RpcResponseCommand, Error> parse_rpc_answer(std::string_view body) {
  return read_response(body, {});
}

std::expected<TransferBeginCommand, Error> parse_transfer_begin(std::string_view payload) {
  TransferBeginCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("transferId")) fields.read_text(command.transfer_id, 1, kIdBytesMax);
    if (fields.is("size")) fields.read_whole(command.size, 1, kWholeNumberMax);
  }
  fields.need({"transferId", "size"});
  return finish(fields, std::move(command));
}

std::expected<TransferChunkCommand, Error> parse_transfer_chunk(std::string_view payload) {
  TransferChunkCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("transferId")) fields.read_text(command.transfer_id, 1, kIdBytesMax);
    if (fields.is("index")) fields.read_whole(command.index, 1, kWholeNumberMax);
    if (fields.is("data")) fields.read_text(command.data, 1, kAnyLength);
  }
  fields.need({"transferId", "index", "data"});
  return finish(fields, std::move(command));
}

std::expected<TransferEndCommand, Error> parse_transfer_end(std::string_view payload) {
  TransferEndCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("transferId")) fields.read_text(command.transfer_id, 1, kIdBytesMax);
  }
  fields.need({"transferId"});
  return finish(fields, std::move(command));
}

std::expected<StateGetCommand, Error> parse_state_get(std::string_view payload) {
  StateGetCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("key")) fields.read_text(command.key, 1, kStateKeyBytesMax);
  }
  return finish(fields, std::move(command));
}

std::expected<StateSetCommand, Error> parse_state_set(std::string_view payload) {
  StateSetCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("key")) fields.read_text(command.key, 1, kStateKeyBytesMax);
    if (fields.is("value")) command.value = fields.value().raw;
    if (fields.is("ifVersion")) read_number(fields, command.if_version);
    if (fields.is("ttlMs")) fields.read_whole(command.ttl_ms, 1, kStateTtlMsMax);
  }
  fields.need({"key", "value"});
  return finish(fields, std::move(command));
}

std::expected<StateDeleteCommand, Error> parse_state_delete(std::string_view payload) {
  StateDeleteCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("key")) fields.read_text(command.key, 1, kStateKeyBytesMax);
    if (fields.is("ifVersion")) read_number(fields, command.if_version);
  }
  fields.need({"key"});
  return finish(fields, std::move(command));
}

std::expected<StreamOpenCommand, Error> parse_stream_open(std::string_view payload) {
  StreamOpenCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("messageId")) fields.read_text(command.message_id, 1, kMessageIdBytesMax);
    if (fields.is("generation")) fields.read_whole(command.generation, 0, kWholeNumberMax);
  }
  fields.need({"messageId"});
  return finish(fields, std::move(command));
}

std::expected<StreamStatusCommand, Error> parse_stream_status(std::string_view payload) {
  StreamStatusCommand command;
  PayloadFields fields(payload);
  while (fields.next())
    if (fields.is("messageId")) fields.read_text(command.message_id, 1, kMessageIdBytesMax);
  return finish(fields, std::move(command));
}

std::expected<StreamCancelCommand, Error> parse_stream_cancel(std::string_view payload) {
  StreamCancelCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("messageId")) fields.read_text(command.message_id, 1, kMessageIdBytesMax);
    if (fields.is("reason")) fields.read_text(command.reason, 0, kReasonBytesMax);
  }
  fields.need({"messageId"});
  return finish(fields, std::move(command));
}

std::expected<HeartbeatCommand, Error> parse_heartbeat(std::string_view payload) {
  HeartbeatCommand command;
  PayloadFields fields(payload);
  while (fields.next()) {
    if (fields.is("serverTime")) command.is_answer = true;
    if (!fields.is("timestamp")) continue;
    if (fields.value().kind != JsonKind::number) fields.refuse("expected a number");
    command.timestamp = fields.value().raw;
  }
  fields.need({"timestamp"});
  return finish(fields, command);
}

}  // namespace tidewire
