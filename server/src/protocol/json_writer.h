#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_string.h"

namespace tidewire {

/// Writes one JSON object into a string, member by member, in the order of the calls.
///
///   std::string text = JsonObject(96).text("reason", reason).number("ms", 5).finish();
class JsonObject {
 public:
  explicit JsonObject(std::size_t bytes_expected = 0) {
    out_.reserve(bytes_expected);
    out_ += '{';
  }

  JsonObject& text(std::string_view name, std::string_view value) {
    member(name);
    append_json_string(out_, value);
    return *this;
  }

  JsonObject& number(std::string_view name, std::integral auto value) {
    member(name);
    append_number(value);
    return *this;
  }

  JsonObject& boolean(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }

  /// `json` is embedded as it is.
  JsonObject& raw(std::string_view name, std::string_view json) {
    member(name);
    out_ += json;
    return *this;
  }

  JsonObject& raw_array(std::string_view name, std::span<const std::string_view> items) {
    member(name);
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += ',';
      out_ += items[i];
    }
    out_ += ']';
    return *this;
  }

  /// Raw members such as `"a":1,"b":2`; empty adds nothing.
  JsonObject& members(std::string_view json) {
    if (json.empty()) return *this;
    if (out_.size() > 1) out_ += ',';
    out_ += json;
    return *this;
  }

  [[nodiscard]] std::string finish() {
    out_ += '}';
    return std::move(out_);
  }

 private:
  void member(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  void append_number(std::integral auto value) {
    char digits[24];
    const auto result = std::to_chars(digits, digits + sizeof digits, value);
    out_.append(digits, result.ptr);
  }

  std::string out_;
};

}  // namespace tidewire
