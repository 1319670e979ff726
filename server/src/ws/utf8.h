#pragma once

#include <cstdint>
#include <string_view>

namespace tidewire::ws {

/// Whether a whole text is UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above
/// U+10FFFF, nothing cut off. Vectorised.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The longest prefix of `text`, which is UTF-8, of at most `bytes_max` bytes that does not cut a
/// code point.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

/// Validates a text that arrives in pieces, and refuses it at its first bad byte even in the middle
/// of a code point: E0 80 is refused without waiting for a third byte.
class Utf8Validator {
 public:
  /// False as soon as the text so far cannot be continued to UTF-8. Do not feed it further then.
  [[nodiscard]] bool feed(std::string_view piece);
  /// Whether the text so far ends between code points.
  [[nodiscard]] bool complete() const { return pending_ == 0; }

 private:
  [[nodiscard]] bool step(std::uint8_t byte);

  std::uint8_t pending_ = 0;  // continuation bytes still to come
  std::uint8_t lowest_ = 0;   // bounds of the next one
  std::uint8_t highest_ = 0;
};

}  // namespace tidewire::ws
