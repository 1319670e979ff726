#include "api/request_body.h"

#include <algorithm>
#include <utility>

#include "api/body_reader.h"
#include "auth/claims.h"
#include "protocol/channel_name.h"
#include "protocol/commands.h"
#include "protocol/envelope.h"
#include "protocol/envelope_form.h"
#include "protocol/json_reader.h"

namespace tidewire {
namespace {

using nlohmann::json;

constexpr std::size_t kBroadcastChannelsMax = 1'000;
constexpr std::size_t kCloseReasonBytesMax = 123;
constexpr std::size_t kListMax = 10'000;
constexpr std::size_t kBatchCommandsMax = 1'000;

void read_event(BodyReader& reader, PublishBody& body) {
  body.type = reader.text("type", true, kTypeBytesMax);
  if (!is_type_name(body.type)) reader.note("is a snake_case name", "type");
  body.payload = reader.object("payload");
  body.key = reader.text("key", false, kKeyBytesMax);
  body.user_id = reader.text("userId", false, 255);
  const std::string priority = reader.text("priority", false, 16);
  if (priority.empty()) return;
  body.priority = from_name<Priority>(priority);
  if (!body.priority) reader.note("is critical, high, normal or low", "priority");
}

}  // namespace

std::expected<PublishBody, Error> parse_publish_body(std::string_view text) {
  BodyReader reader(text);
  PublishBody body;
  body.channels.push_back(reader.channel("channel"));
  read_event(reader, body);
  return reader.finish(std::move(body));
}

std::expected<PublishBody, Error> parse_broadcast_body(std::string_view text) {
  BodyReader reader(text);
  PublishBody body;
  const json channels = reader.value().value("channels", json());
  if (!channels.is_array() || channels.empty() || channels.size() > kBroadcastChannelsMax) {
    reader.note("is a list of 1 to " + std::to_string(kBroadcastChannelsMax) + " channels",
                "channels");
    return reader.finish(std::move(body));
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string name = channels[i].is_string() ? channels[i].get<std::string>() : "";
    auto parsed = ChannelName::parse(name);
    if (!parsed)
      return fail(ErrorCode::invalid_channel, parsed.error().message,
                  "/channels/" + std::to_string(i));
    body.channels.push_back(name);
  }
  read_event(reader, body);
  return reader.finish(std::move(body));
}

std::expected<HistoryBody, Error> parse_history_body(std::string_view text, std::size_t page_max) {
  BodyReader reader(text);
  HistoryBody body{.channel = reader.channel("channel")};
  body.query.limit = std::min<std::uint64_t>(reader.number("limit", page_max), page_max);
  body.query.reverse = reader.flag("reverse");
  const auto since = reader.value().find("since");
  if (since != reader.value().end() && !since->is_null()) {
    const bool valid = since->is_object() && since->value("epoch", json()).is_string() &&
                       since->value("offset", json()).is_number_unsigned();
    if (!valid) {
      reader.note("is {epoch, offset}", "since");
    } else {
      body.query.since = StreamPosition{since->at("epoch").get<std::string>(),
                                        since->at("offset").get<std::uint64_t>()};
    }
  }
  return reader.finish(std::move(body));
}

std::expected<std::string, Error> parse_channel_body(std::string_view text) {
  BodyReader reader(text);
  return reader.finish(reader.channel("channel"));
}

std::expected<ReceiptsBody, Error> parse_receipts_body(std::string_view text) {
  BodyReader reader(text);
  ReceiptsBody body{.channel = reader.channel("channel")};
  body.offset = reader.number("offset", 0);
  return reader.finish(std::move(body));
}

std::expected<SendBody, Error> parse_send_body(std::string_view text) {
  BodyReader reader(text);
  SendBody body{.type = reader.text("type", true, kTypeBytesMax),
                .payload = reader.object("payload"),
                .durable = !reader.has("durable") || reader.flag("durable")};
  if (!is_type_name(body.type) || from_name<MessageType>(body.type))
    reader.note("is a snake_case name that the protocol does not use itself", "type");
  return reader.finish(std::move(body));
}

std::expected<ListBody, Error> parse_list_body(std::string_view text) {
  BodyReader reader(text);
  ListBody body{.prefix = reader.text("prefix", false, ChannelName::kBytesMax),
                .user_id = reader.text("userId", false, 255)};
  body.limit = std::min<std::uint64_t>(reader.number("limit", body.limit), kListMax);
  return reader.finish(std::move(body));
}

std::expected<TargetBody, Error> parse_target_body(std::string_view text, bool with_channel) {
  BodyReader reader(text);
  TargetBody body{.user_id = reader.text("userId", false, 255),
                  .session_id = reader.text("sessionId", false, 255),
                  .connection_id = reader.text("connectionId", false, 64)};
  if (with_channel) body.channel = reader.channel("channel");
  body.reason = reader.text("reason", false, kCloseReasonBytesMax);
  if (body.user_id.empty() && body.session_id.empty() && body.connection_id.empty())
    reader.note("name a `userId`, a `sessionId` or a `connectionId`", "");
  return reader.finish(std::move(body));
}

std::expected<RefreshBody, Error> parse_refresh_body(std::string_view text) {
  BodyReader reader(text);
  auto target = parse_target_body(text, false);
  if (!target) return std::unexpected(std::move(target.error()));
  RefreshBody body{.target = std::move(*target),
                   .token = reader.text("token", false, kTokenBytesMax),
                   .expires_at_ms = reader.number("expiresAt")};
  if (body.token.empty() == !body.expires_at_ms.has_value())
    reader.note("give either a `token` or `expiresAt`", "");
  return reader.finish(std::move(body));
}

std::expected<BatchBody, Error> parse_batch_body(std::string_view text) {
  BodyReader reader(text);
  BatchBody body;
  const json commands = reader.value().value("commands", json());
  if (!commands.is_array() || commands.empty() || commands.size() > kBatchCommandsMax) {
    reader.note("is a list of 1 to " + std::to_string(kBatchCommandsMax) + " commands", "commands");
    return reader.finish(std::move(body));
  }
  JsonReader texts = JsonReader::array(reader.raw("commands"));
  for (std::size_t i = 0; i < commands.size() && texts.next(); ++i) {
    const json& command = commands[i];
    if (!command.is_object() || command.size() != 1 || !command.front().is_object())
      return fail(ErrorCode::invalid_message,
                  "a command is an object with one member: the endpoint's name and its body",
                  "/commands/" + std::to_string(i));
    JsonReader member = JsonReader::object(texts.value().raw);
    if (member.next())
      body.commands.push_back({command.begin().key(), std::string(member.value().raw)});
  }
  return reader.finish(std::move(body));
}

std::expected<RpcBody, Error> parse_rpc_body(std::string_view text) {
  BodyReader reader(text);
  RpcBody body{.method = reader.text("method", true, kMethodBytesMax),
               .user_id = reader.text("userId", false, kUserIdBytesMax)};
  body.params = reader.has("params") ? reader.any("params") : "null";
  if (reader.value().contains("channel")) body.channel = reader.channel("channel");
  if (body.method.empty()) reader.note("must not be empty", "method");
  const std::optional<std::uint64_t> timeout_ms = reader.number("timeoutMs");
  if (timeout_ms && (*timeout_ms == 0 || *timeout_ms > kRpcTimeoutMsMax))
    reader.note("is a whole number from 1 to " + std::to_string(kRpcTimeoutMsMax), "timeoutMs");
  body.timeout_ms = static_cast<std::int64_t>(timeout_ms.value_or(0));
  return reader.finish(std::move(body));
}

}  // namespace tidewire
