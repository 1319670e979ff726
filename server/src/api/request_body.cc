#include "api/request_body.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "protocol/channel_name.h"
#include "protocol/envelope.h"

namespace tidewire {
namespace {

using nlohmann::json;

constexpr std::size_t kBroadcastChannelsMax = 1'000;
constexpr std::size_t kReasonBytesMax = 123;
constexpr std::size_t kListMax = 10'000;

/// Reads members one by one and keeps the first fault, so that a parser reads like its body.
class Reader {
 public:
  explicit Reader(std::string_view body)
      : value_(json::parse(body.empty() ? std::string_view("{}") : body, nullptr, false)) {
    if (value_.is_discarded()) note("the body is not JSON", "");
    if (!fault_ && !value_.is_object()) note("the body is a JSON object", "");
    if (fault_) value_ = json::object();
  }

  std::string text(const char* name, bool required, std::size_t bytes_max) {
    const auto found = value_.find(name);
    if (found == value_.end() || found->is_null()) {
      if (required) note("missing", name);
      return {};
    }
    if (!found->is_string()) return note("must be a string", name), std::string();
    std::string text = found->get<std::string>();
    if (text.size() > bytes_max)
      note("is longer than " + std::to_string(bytes_max) + " bytes", name);
    return text;
  }

  std::string channel(const char* name) {
    std::string text = this->text(name, true, ChannelName::kBytesMax);
    if (fault_) return text;
    if (auto parsed = ChannelName::parse(text); !parsed) fault_ = std::move(parsed.error());
    return text;
  }

  std::uint64_t number(const char* name, std::uint64_t absent) {
    const auto found = value_.find(name);
    if (found == value_.end() || found->is_null()) return absent;
    if (!found->is_number_unsigned()) return note("must be a whole number", name), absent;
    return found->get<std::uint64_t>();
  }

  bool flag(const char* name) {
    const auto found = value_.find(name);
    if (found == value_.end() || found->is_null()) return false;
    if (!found->is_boolean()) return note("must be true or false", name), false;
    return found->get<bool>();
  }

  std::string object(const char* name) {
    const auto found = value_.find(name);
    if (found == value_.end()) return note("missing", name), std::string();
    if (!found->is_object()) return note("must be an object", name), std::string();
    return found->dump();
  }

  [[nodiscard]] const json& value() const { return value_; }
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }

  void note(std::string_view what, std::string_view name) {
    if (fault_) return;
    const std::string subject = name.empty() ? "" : "`" + std::string(name) + "` ";
    fault_ = Error{.code = ErrorCode::invalid_message,
                   .message = subject + (what == "missing" ? "is missing" : std::string(what)),
                   .path = name.empty() ? "" : "/" + std::string(name)};
  }

 private:
  json value_;
  std::optional<Error> fault_;
};

template <typename Body>
std::expected<Body, Error> finish(Body body, const Reader& reader) {
  if (reader.fault()) return std::unexpected(*reader.fault());
  return body;
}

void read_event(Reader& reader, PublishBody& body) {
  body.type = reader.text("type", true, kTypeBytesMax);
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
  Reader reader(text);
  PublishBody body;
  body.channels.push_back(reader.channel("channel"));
  read_event(reader, body);
  return finish(std::move(body), reader);
}

std::expected<PublishBody, Error> parse_broadcast_body(std::string_view text) {
  Reader reader(text);
  PublishBody body;
  const json channels = reader.value().value("channels", json());
  if (!channels.is_array() || channels.empty() || channels.size() > kBroadcastChannelsMax) {
    reader.note("is a list of 1 to " + std::to_string(kBroadcastChannelsMax) + " channels",
                "channels");
    return finish(std::move(body), reader);
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
  return finish(std::move(body), reader);
}

std::expected<HistoryBody, Error> parse_history_body(std::string_view text, std::size_t page_max) {
  Reader reader(text);
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
  return finish(std::move(body), reader);
}

std::expected<std::string, Error> parse_channel_body(std::string_view text) {
  Reader reader(text);
  return finish(reader.channel("channel"), reader);
}

std::expected<ListBody, Error> parse_list_body(std::string_view text) {
  Reader reader(text);
  ListBody body{.prefix = reader.text("prefix", false, ChannelName::kBytesMax),
                .user_id = reader.text("userId", false, 255)};
  body.limit = std::min<std::uint64_t>(reader.number("limit", body.limit), kListMax);
  return finish(std::move(body), reader);
}

std::expected<TargetBody, Error> parse_target_body(std::string_view text, bool with_channel) {
  Reader reader(text);
  TargetBody body{.user_id = reader.text("userId", false, 255),
                  .connection_id = reader.text("connectionId", false, 64)};
  if (with_channel) body.channel = reader.channel("channel");
  body.reason = reader.text("reason", false, kReasonBytesMax);
  if (body.user_id.empty() && body.connection_id.empty())
    reader.note("name a `userId` or a `connectionId`", "");
  return finish(std::move(body), reader);
}

}  // namespace tidewire
