#include "protocol/json_reader.h"

#include <charconv>

namespace tidewire {
namespace {

constexpr std::size_t kDepthMax = kJsonDepthCeiling;

}  // namespace

JsonKind json_kind(char first) {
  switch (first) {
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::array;
    case '"':
      return JsonKind::string;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case 'n':
      return JsonKind::null;
    default:
      return JsonKind::number;
  }
}

std::string_view trim_json(std::string_view text) {
  constexpr std::string_view kSpace = " \n\r\t";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string JsonValue::string() const {
  std::string scratch;
  const auto view = decode_json_string(raw, scratch);
  return view.data() == scratch.data() ? std::move(scratch) : std::string(view);
}

std::optional<double> JsonValue::number() const {
  double result = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), result);
  if (kind != JsonKind::number || error != std::errc{} || end != raw.data() + raw.size())
    return std::nullopt;
  return result;
}

std::optional<std::uint64_t> JsonValue::whole_number() const {
  std::uint64_t result = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), result);
  if (kind != JsonKind::number || error != std::errc{} || end != raw.data() + raw.size() ||
      result > kWholeNumberMax)
    return std::nullopt;
  return result;
}

std::optional<bool> JsonValue::boolean() const {
  if (kind != JsonKind::boolean) return std::nullopt;
  return raw == "true";
}

JsonReader::JsonReader(std::string_view text, char open, char close)
    : text_(text), scanner_(text, kDepthMax), close_(close) {
  scanner_.skip_space();
  failed_ = !scanner_.skip_byte(open, "expected an object or array");
}

bool JsonReader::fail() {
  failed_ = true;
  return false;
}

bool JsonReader::next() {
  if (failed_) return false;
  scanner_.skip_space();
  if (scanner_.peek() == close_) {
    // Leaving the cursor on the bracket keeps further calls at the end.
    JsonScanner rest = scanner_;
    if (!rest.skip_byte(close_, "")) return fail();
    rest.skip_space();
    failed_ = !rest.at_end();
    return false;
  }
  if (started_ && !scanner_.skip_byte(',', "expected ,")) return fail();
  if (started_) ++index_;
  started_ = true;
  if (close_ == '}' && !read_key()) return fail();
  return read_value() || fail();
}

bool JsonReader::read_key() {
  scanner_.skip_space();
  if (scanner_.peek() != '"') return false;
  const auto start = scanner_.offset();
  if (!scanner_.skip_string()) return false;
  key_ = decode_json_string(text_.substr(start, scanner_.offset() - start), key_scratch_);
  scanner_.skip_space();
  return scanner_.skip_byte(':', "expected :");
}

bool JsonReader::read_value() {
  scanner_.skip_space();
  const auto start = scanner_.offset();
  if (!scanner_.skip_value()) return false;
  value_.raw = text_.substr(start, scanner_.offset() - start);
  value_.kind = json_kind(value_.raw.front());
  return true;
}

}  // namespace tidewire
