#include "protocol/payload_fields.h"

#include <algorithm>
#include <utility>

namespace tidewire {

std::string pointer_token(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

PayloadFields::PayloadFields(std::string_view payload, std::string path)
    : path_(std::move(path)), reader_(JsonReader::object(payload)) {}

bool PayloadFields::next() {
  if (reader_.next()) return true;
  if (reader_.failed()) refuse_at(path_, "expected an object");
  return false;
}

bool PayloadFields::is(std::string_view name) {
  if (reader_.key() != name) return false;
  const auto slot = std::ranges::find_if(
      seen_, [&](std::string_view seen) { return seen.empty() || seen == name; });
  if (slot != seen_.end()) *slot = name;
  return true;
}

std::string PayloadFields::here() const { return path_ + "/" + pointer_token(reader_.key()); }

void PayloadFields::read_text(std::string& target, std::size_t bytes_min, std::size_t bytes_max) {
  if (value().kind != JsonKind::string) return refuse("expected a string");
  target = value().string();
  if (target.size() < bytes_min) return refuse("must not be empty");
  if (target.size() > bytes_max) refuse("at most " + std::to_string(bytes_max) + " bytes");
}

void PayloadFields::read_bool(bool& target) {
  const auto flag = value().boolean();
  if (!flag) return refuse("expected true or false");
  target = *flag;
}

void PayloadFields::read_whole(std::uint64_t& target, std::uint64_t least, std::uint64_t most) {
  const auto number = value().whole_number();
  if (!number || *number < least || *number > most) {
    return refuse("expected a whole number from " + std::to_string(least) + " to " +
                  std::to_string(most));
  }
  target = *number;
}

void PayloadFields::refuse_at(std::string path, std::string why) {
  refuse_with({ErrorCode::invalid_message, std::move(why), std::move(path), 0, {}});
}

void PayloadFields::refuse_with(Error error) {
  if (!error_) error_ = std::move(error);
}

void PayloadFields::need(std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (std::ranges::find(seen_, name) == seen_.end())
      refuse_at(path_ + "/" + std::string(name), "is missing");
}

}  // namespace tidewire
