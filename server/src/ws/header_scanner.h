#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidewire::ws {

[[nodiscard]] bool is_token_char(char c);            // RFC 9110 section 5.6.2
[[nodiscard]] bool is_token(std::string_view text);  // one or more of them
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right);  // ASCII

/// Reads a header value from left to right, each character once.
class HeaderScanner {
 public:
  explicit HeaderScanner(std::string_view value) : rest_(value) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  void skip_space();  // spaces and tabs
  /// Skips empty list elements and the space around them (RFC 9110 section 5.6.1.2).
  void skip_commas();
  /// Consumes `expected` and the space around it, if it comes next.
  [[nodiscard]] bool accept(char expected);
  /// The token that comes next; empty when there is none.
  [[nodiscard]] std::string_view token();
  /// A token, or a quoted string whose content is one (RFC 6455 section 9.1), without the quotes.
  [[nodiscard]] std::optional<std::string> token_or_quoted();

 private:
  std::string_view rest_;
};

}  // namespace tidewire::ws
