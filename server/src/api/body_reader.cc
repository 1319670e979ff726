#include "api/body_reader.h"

#include "protocol/channel_name.h"

namespace tidewire {

using nlohmann::json;

BodyReader::BodyReader(std::string_view body)
    : value_(json::parse(body.empty() ? std::string_view("{}") : body, nullptr, false)) {
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
  if (found == value_.end()) return note("is missing", name), std::string();
  if (!found->is_object()) return note("must be an object", name), std::string();
  return found->dump();
}

std::string BodyReader::any(const char* name) {
  const auto found = value_.find(name);
  if (found == value_.end()) return note("is missing", name), std::string();
  return found->dump();
}

void BodyReader::note(std::string_view what, std::string_view name) {
  if (fault_) return;
  const std::string subject = name.empty() ? "" : "`" + std::string(name) + "` ";
  fault_ = Error{.code = ErrorCode::invalid_message,
                 .message = subject + std::string(what),
                 .path = name.empty() ? "" : "/" + std::string(name)};
}

}  // namespace tidewire
