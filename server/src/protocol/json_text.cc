#include "protocol/json_text.h"

#include <algorithm>

#include "base/json_string.h"

namespace tidewire {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

std::uint32_t read_hex4(const char* digits) {
  std::uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) unit = unit << 4 | static_cast<std::uint32_t>(hex_value(digits[i]));
  return unit;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    tail(12), tail(6), tail(0);
  }
}

char plain_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // the quote, the backslash and the slash stand for themselves
  }
}

/// Decodes the \u escape at `cursor` (just past the `u`) and returns where it ends.
const char* append_unicode_escape(std::string& out, const char* cursor) {
  std::uint32_t point = read_hex4(cursor);
  cursor += 4;
  if (is_high_surrogate(point)) {
    point = 0x10000 + ((point - 0xD800) << 10) + (read_hex4(cursor + 2) - 0xDC00);
    cursor += 6;
  }
  append_utf8(out, point);
  return cursor;
}

}  // namespace

JsonScanner::JsonScanner(std::string_view text, std::size_t depth_max)
    : begin_(text.data()),
      cursor_(begin_),
      end_(begin_ + text.size()),
      depth_max_(std::min(depth_max, kJsonDepthCeiling)) {}

bool JsonScanner::fail_here(const char* why) {
  if (!fault_) fault_ = JsonFault{offset(), why};
  return false;
}

bool JsonScanner::skip_value() {
  while (true) {
    skip_space();
    if (at_end()) return fail_here("the text ends early");
    if (*cursor_ == '{' || *cursor_ == '[') {
      const std::size_t before = depth_;
      if (!open_container()) return false;
      if (depth_ > before) continue;
    } else if (!skip_scalar()) {
      return false;
    }
    switch (close_containers()) {
      case Step::value:
        break;
      case Step::done:
        return true;
      case Step::failed:
        return false;
    }
  }
}

/// Enters the container at the cursor up to its first value; an empty one is skipped whole.
bool JsonScanner::open_container() {
  if (depth_ == depth_max_) return fail_here("nested too deeply");
  const bool is_object = *cursor_ == '{';
  ++cursor_;
  skip_space();
  if (peek() == (is_object ? '}' : ']')) {
    ++cursor_;
    return true;
  }
  ++depth_;
  objects_ = objects_ << 1 | static_cast<std::uint64_t>(is_object);
  return !is_object || skip_key();
}

/// After a value: leaves every container that ends here, or steps to the next value.
JsonScanner::Step JsonScanner::close_containers() {
  while (depth_ > 0) {
    const bool in_object = (objects_ & 1) != 0;
    skip_space();
    if (peek() == ',') {
      ++cursor_;
      skip_space();
      return !in_object || skip_key() ? Step::value : Step::failed;
    }
    const char* why = in_object ? "expected , or }" : "expected , or ]";
    if (!skip_byte(in_object ? '}' : ']', why)) return Step::failed;
    --depth_;
    objects_ >>= 1;
  }
  return Step::done;
}

bool JsonScanner::skip_key() {
  if (at_end()) return fail_here("the text ends early");
  if (*cursor_ != '"') return fail_here("expected a member's name");
  if (!skip_string()) return false;
  skip_space();
  return skip_byte(':', "expected :");
}

bool JsonScanner::skip_scalar() {
  switch (*cursor_) {
    case '"':
      return skip_string();
    case 't':
      return skip_literal("true");
    case 'f':
      return skip_literal("false");
    case 'n':
      return skip_literal("null");
    default:
      return skip_number();
  }
}

bool JsonScanner::skip_literal(std::string_view word) {
  if (!std::string_view(cursor_, end_).starts_with(word)) return fail_here("not a JSON value");
  cursor_ += word.size();
  return true;
}

bool JsonScanner::skip_digits() {
  if (!is_digit(peek())) return fail_here(at_end() ? "the text ends early" : "not a JSON value");
  while (is_digit(peek())) ++cursor_;
  return true;
}

bool JsonScanner::skip_number() {
  if (peek() == '-') ++cursor_;
  if (peek() == '0') {
    ++cursor_;
    if (is_digit(peek())) return fail_here("a number has no leading zero");
  } else if (!skip_digits()) {
    return false;
  }
  if (peek() == '.') {
    ++cursor_;
    if (!skip_digits()) return false;
  }
  if (peek() == 'e' || peek() == 'E') {
    ++cursor_;
    if (peek() == '+' || peek() == '-') ++cursor_;
    return skip_digits();
  }
  return true;
}

bool JsonScanner::skip_string() {
  ++cursor_;
  while (true) {
    cursor_ = find_json_special(cursor_, end_);
    if (at_end()) return fail_here("a string does not end");
    if (*cursor_ == '"') break;
    if (*cursor_ != '\\') return fail_here("a control character in a string");
    if (!skip_escape()) return false;
  }
  ++cursor_;
  return true;
}

bool JsonScanner::skip_escape() {
  ++cursor_;
  if (at_end()) return fail_here("a string does not end");
  if (*cursor_ == 'u') return skip_unicode_escape();
  if (std::string_view("\"\\/bfnrt").find(*cursor_) == std::string_view::npos)
    return fail_here("not an escape");
  ++cursor_;
  return true;
}

std::optional<std::uint32_t> JsonScanner::hex4() {
  if (end_ - cursor_ < 4 ||
      !std::all_of(cursor_, cursor_ + 4, [](char c) { return hex_value(c) >= 0; }))
    return std::nullopt;
  cursor_ += 4;
  return read_hex4(cursor_ - 4);
}

bool JsonScanner::skip_unicode_escape() {
  ++cursor_;
  const auto unit = hex4();
  if (!unit) return fail_here("not an escape");
  if (is_low_surrogate(*unit)) return fail_here("a lone surrogate");
  if (!is_high_surrogate(*unit)) return true;
  if (!std::string_view(cursor_, end_).starts_with("\\u")) return fail_here("a lone surrogate");
  cursor_ += 2;
  const auto low = hex4();
  if (!low || !is_low_surrogate(*low)) return fail_here("a lone surrogate");
  return true;
}

std::optional<JsonFault> find_json_fault(std::string_view text, std::size_t depth_max) {
  JsonScanner scanner(text, depth_max);
  if (!scanner.skip_value()) return scanner.fault();
  scanner.skip_space();
  if (scanner.at_end()) return std::nullopt;
  return JsonFault{scanner.offset(), "something follows the end"};
}

std::string_view decode_json_string(std::string_view token, std::string& scratch) {
  const std::string_view inner = token.substr(1, token.size() - 2);
  const auto first = inner.find('\\');
  if (first == std::string_view::npos) return inner;
  scratch.assign(inner.substr(0, first));
  const char* cursor = inner.data() + first;
  const char* const end = inner.data() + inner.size();
  while (cursor != end) {
    const char letter = cursor[1];
    cursor += 2;
    if (letter == 'u')
      cursor = append_unicode_escape(scratch, cursor);
    else
      scratch += plain_escape(letter);
    const char* const run_end = std::find(cursor, end, '\\');
    scratch.append(cursor, run_end);
    cursor = run_end;
  }
  return scratch;
}

}  // namespace tidewire
