#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.h"
#include "protocol/json_text.h"

namespace tidewire {

enum class JsonKind : std::uint8_t { object, array, string, number, boolean, null };

/// One value inside a JSON text: its kind and its raw text. Lifetime: that text's.
struct JsonValue {
  JsonKind kind = JsonKind::null;
  std::string_view raw;

  /// The content of a string (precondition: kind is string).
  [[nodiscard]] std::string string() const;
  [[nodiscard]] std::optional<double> number() const;
  /// Written without sign, fraction and exponent, and at most 2^53 - 1, so that every client can
  /// hold it.
  [[nodiscard]] std::optional<std::uint64_t> whole_number() const;
  [[nodiscard]] std::optional<bool> boolean() const;
};

inline constexpr std::uint64_t kWholeNumberMax = (std::uint64_t{1} << 53) - 1;

/// The members of one JSON object or array, in order, each value checked as strictly as
/// JsonScanner does. Works on any bytes: a text that is not an object (array) ends in failed().
///
/// Owner: one call. Needs no padding behind the text, unlike the codec.
class JsonReader {
 public:
  [[nodiscard]] static JsonReader object(std::string_view text) { return {text, '{', '}'}; }
  [[nodiscard]] static JsonReader array(std::string_view text) { return {text, '[', ']'}; }

  /// Steps to the next member; false at the end and at a fault.
  [[nodiscard]] bool next();
  /// The member's name, decoded; empty in an array. Valid until next().
  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] const JsonValue& value() const { return value_; }
  /// The member's place, from 0.
  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  JsonReader(std::string_view text, char open, char close);
  bool fail();
  bool read_key();
  bool read_value();

  std::string_view text_;
  JsonScanner scanner_;
  char close_;
  bool started_ = false;
  bool failed_ = false;
  std::size_t index_ = 0;
  std::string_view key_;
  std::string key_scratch_;
  JsonValue value_;
};

/// The kind that the first byte of a well-formed value announces.
[[nodiscard]] JsonKind json_kind(char first);

/// `text` with JSON white space removed at both ends.
[[nodiscard]] std::string_view trim_json(std::string_view text);

}  // namespace tidewire
