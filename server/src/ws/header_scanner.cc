#include "ws/header_scanner.h"

#include <algorithm>

namespace tidewire::ws {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool is_token_char(char c) {
  const bool alphanumeric =
      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").contains(c));
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

void HeaderScanner::skip_space() {
  while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
}

void HeaderScanner::skip_commas() {
  while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == ','))
    rest_.remove_prefix(1);
}

bool HeaderScanner::accept(char expected) {
  skip_space();
  if (rest_.empty() || rest_.front() != expected) return false;
  rest_.remove_prefix(1);
  skip_space();
  return true;
}

std::string_view HeaderScanner::token() {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
  const std::string_view result(rest_.begin(), end);
  rest_.remove_prefix(result.size());
  return result;
}

std::optional<std::string> HeaderScanner::token_or_quoted() {
  std::string text;
  if (rest_.empty() || rest_.front() != '"') {
    text = token();
    return text.empty() ? std::nullopt : std::optional(text);
  }
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_.front() != '"') {
    if (rest_.front() == '\\') rest_.remove_prefix(1);
    if (rest_.empty()) return std::nullopt;
    text.push_back(rest_.front());
    rest_.remove_prefix(1);
  }
  if (rest_.empty() || !is_token(text)) return std::nullopt;
  rest_.remove_prefix(1);
  return text;
}

}  // namespace tidewire::ws
