#include "api/body_reader.h"

#include "protocol/channel_name.h"
#include "protocol/codec.h"
#include "protocol/json_reader.h"

namespace tidewire {

using nlohmann::json;

namespace {

constexpr std::size_t kValueDepthMax = CodecLimits{}.depth;
// Around a value there are at most: its body, and a command, the list and the body of a batch.
constexpr std::size_t kBodyDepthMax = kValueDepthMax + 4;

}  // namespace

BodyReader::BodyReader(std::string_view body) : text_(body.empty() ? "{}" : body) {
  // Before the parser, which goes as deep as the text does.
  if (const auto fault = find_json_fault(text_, kBodyDepthMax))
    note("the body is not JSON: " + std::string(fault->why), "");
  else
    value_ = json::parse(text_, nullptr, false);
  if (value_.is_discarded()) note("the body is not JSON", "");
  if (!fault_ && !value_.is_object()) note("the body is a JSON object", "");
  if (fault_) value_ = json::object();
}

std::string BodyReader::text(const char* name, bool required, std::size_t bytes_max) {
  const auto found = value_.find(name);
  if (found == value_.end() || found->is_null()) {
    if (required) note("is missing", name);
    return {};
  }
  if (!found->is_string()) return note("must be a string", name), std::string();
  std::string text = found->get<std::string>();
  if (text.size() > bytes_max) note("is longer than " + std::to_string(bytes_max) + " bytes", name);
  return text;
}

std::string BodyReader::channel(const char* name) {
  if (!fault_ && !has(name))
    fault_ = Error{.code = ErrorCode::invalid_channel,
                   .message = "`" + std::string(name) + "` is missing",
                   .path = "/" + std::string(name)};
  std::string text = this->text(name, true, ChannelName::kBytesMax);
  if (fault_) return text;
  if (auto parsed = ChannelName::parse(text); !parsed) fault_ = std::move(parsed.error());
  return text;
}

std::optional<std::uint64_t> BodyReader::number(const char* name) {
  const auto found = value_.find(name);
  if (found == value_.end() || found->is_null()) return std::nullopt;
  if (!found->is_number_unsigned()) return note("must be a whole number", name), std::nullopt;
  return found->get<std::uint64_t>();
}

std::uint64_t BodyReader::number(const char* name, std::uint64_t absent) {
  return number(name).value_or(absent);
}

bool BodyReader::flag(const char* name) {
  const auto found = value_.find(name);
  if (found == value_.end() || found->is_null()) return false;
  if (!found->is_boolean()) return note("must be true or false", name), false;
  return found->get<bool>();
}

std::string BodyReader::object(const char* name) {
  const auto found = value_.find(name);
  if (found != value_.end() && !found->is_object()) note("must be an object", name);
  return any(name);
}

std::string BodyReader::any(const char* name) {
  if (!has(name)) return note("is missing", name), std::string();
  const std::string_view text = raw(name);
  if (find_json_fault(text, kValueDepthMax)) note("is nested too deeply", name);
  return std::string(text);
}

std::string_view BodyReader::raw(std::string_view name) const {
  std::string_view found;
  JsonReader members = JsonReader::object(text_);
  while (members.next())
    if (members.key() == name) found = members.value().raw;
  return found;
}

void BodyReader::note(std::string_view what, std::string_view name) {
  if (fault_) return;
  const std::string subject = name.empty() ? "" : "`" + std::string(name) + "` ";
  fault_ = Error{.code = ErrorCode::invalid_message,
                 .message = subject + std::string(what),
                 .path = name.empty() ? "" : "/" + std::string(name)};
}

}  // namespace tidewire
