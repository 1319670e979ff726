#pragma once

#include <sstream>
#include <string>
#include <string_view>

namespace tidewire::bench {

/// One line of results, written member by member.
class JsonObject {
 public:
  JsonObject& add(std::string_view name, double value) { return raw(name, number(value)); }
  JsonObject& add(std::string_view name, const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return raw(name, quoted + "\"");
  }
  /// `json` is a value already.
  JsonObject& raw(std::string_view name, std::string_view json) {
    text_ += (text_.empty() ? "" : ",") + ("\"" + std::string(name) + "\":") + std::string(json);
    return *this;
  }
  [[nodiscard]] std::string str() const { return "{" + text_ + "}"; }

 private:
  static std::string number(double value) {
    std::ostringstream out;
    out.precision(12);
    out << value;
    return out.str();
  }
  std::string text_;
};

}  // namespace tidewire::bench
