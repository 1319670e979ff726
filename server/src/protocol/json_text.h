#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire {

/// The deepest nesting that JsonScanner can be told to accept.
inline constexpr std::size_t kJsonDepthCeiling = 64;

/// Where and why a text is not JSON.
struct JsonFault {
  std::size_t offset;
  const char* why;
};

/// Walks JSON text strictly by RFC 8259, without building anything: no trailing commas, no control
/// characters in strings, no leading zeros. A lone surrogate escape is refused too (RFC 7493
/// section 2.1), for it has no UTF-8 form and would break readers further on. UTF-8 itself is not
/// checked.
///
/// Owner: one call. Memory: none; nesting costs one bit a level and no recursion.
class JsonScanner {
 public:
  JsonScanner(std::string_view text, std::size_t depth_max);

  void skip_space() {
    while (cursor_ != end_ &&
           (*cursor_ == ' ' || *cursor_ == '\n' || *cursor_ == '\r' || *cursor_ == '\t'))
      ++cursor_;
  }
  /// Each skips one thing at the cursor, or returns false and leaves a fault().
  [[nodiscard]] bool skip_value();
  [[nodiscard]] bool skip_string();
  [[nodiscard]] bool skip_byte(char wanted, const char* why) {
    if (peek() != wanted || at_end()) return fail_here(at_end() ? "the text ends early" : why);
    ++cursor_;
    return true;
  }

  [[nodiscard]] bool at_end() const { return cursor_ == end_; }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : *cursor_; }
  [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(cursor_ - begin_); }
  [[nodiscard]] const std::optional<JsonFault>& fault() const { return fault_; }

 private:
  enum class Step : std::uint8_t { value, done, failed };

  bool fail_here(const char* why);
  bool open_container();
  Step close_containers();
  bool skip_key();
  bool skip_scalar();
  bool skip_literal(std::string_view word);
  bool skip_number();
  bool skip_digits();
  bool skip_escape();
  bool skip_unicode_escape();
  std::optional<std::uint32_t> hex4();

  const char* begin_;
  const char* cursor_;
  const char* end_;
  std::size_t depth_max_;
  std::size_t depth_ = 0;
  std::uint64_t objects_ = 0;  // bit 0: whether the innermost open container is an object
  std::optional<JsonFault> fault_;
};

/// Whether `text` is exactly one JSON value, white space around it allowed.
[[nodiscard]] std::optional<JsonFault> find_json_fault(std::string_view text,
                                                       std::size_t depth_max);

/// The content of a JSON string token that a JsonScanner has accepted, quotes included in `token`.
/// Without escapes a view into `token`, else a view into `scratch`, which is overwritten.
[[nodiscard]] std::string_view decode_json_string(std::string_view token, std::string& scratch);

}  // namespace tidewire
