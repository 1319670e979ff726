#include "config/option_text.h"

#include "config/units.h"

namespace tidewire {
namespace {

using enum OptionKind;

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string join_quoted(std::span<const std::string_view> values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i + 1 == values.size() ? " or " : ", ";
    out += in_quotes(values[i]);
  }
  return out;
}

/// A TOML basic string. (toml.io v1.0.0, String)
std::string toml_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

struct Formatter {
  const Option& option;

  std::string operator()(const std::string* value) const {
    return option.secret && !value->empty() ? "\"(set)\"" : toml_string(*value);
  }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const std::uint64_t* value) const {
    if (option.kind == integer) return std::to_string(*value);
    const std::string text = format_bytes(*value);
    return text.ends_with('B') ? in_quotes(text) : text;
  }
  std::string operator()(const Milliseconds* value) const {
    const std::string text = format_duration(*value);
    return text == "0" ? text : in_quotes(text);
  }
  std::string operator()(const DeliveryClass* value) const { return in_quotes(to_name(*value)); }
  std::string operator()(const OverflowPolicy* value) const { return in_quotes(to_name(*value)); }
  std::string operator()(const std::vector<std::string>* values) const {
    std::string out = "[";
    for (const std::string& value : *values)
      out += (out.size() > 1 ? ", " : "") + toml_string(value);
    return out += ']';
  }
  std::string operator()(const std::vector<AuthKeyConfig>* values) const {
    std::string out = "[";
    for (const AuthKeyConfig& key : *values) {
      out += out.size() > 1 ? ", " : "";
      out += "{alg = " + toml_string(key.alg) + ", kid = " + toml_string(key.kid);
      out += key.secret.empty() ? ", public_key = \"(set)\"}" : ", secret = \"(set)\"}";
    }
    return out += ']';
  }
};

std::string describe_range(const Option& option, std::string_view noun,
                           std::string (*format)(std::uint64_t)) {
  std::string out = std::string(noun) + " from " + format(option.min) + " to " + format(option.max);
  if (option.zero_is_unlimited) out += " (0: no limit)";
  return out;
}

}  // namespace

std::string format_option(const Option& option, Config& config) {
  return std::visit(Formatter{option}, option.target(config));
}

std::string format_option(const Option& option, NamespaceConfig& config) {
  return std::visit(Formatter{option}, option.namespace_target(config));
}

std::string format_option(const Option& option, RpcBackendConfig& config) {
  return std::visit(Formatter{option}, option.backend_target(config));
}

std::string describe_values(const Option& option) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  const auto time = [](std::uint64_t value) {
    return format_duration(Milliseconds{static_cast<std::int64_t>(value)});
  };
  switch (option.kind) {
    case text:
      return "a text";
    case boolean:
      return "true or false";
    case integer:
      return describe_range(option, "an integer", number);
    case bytes:
      return describe_range(option, "a size", format_bytes) + ", such as \"64KiB\"";
    case duration:
      return describe_range(option, "a duration", time) + ", such as \"5s\"";
    case address:
      return "host:port, such as \"127.0.0.1:8000\" or \"[::1]:8000\"";
    case url:
      return join_quoted(option.choices);
    case file:
      return "the path of a readable file";
    case directory:
      return "the path of a folder";
    case choice:
      return join_quoted(option.choices);
    case list:
      return "a list of texts";
    case keys:
      return "a list of tables with alg and a key";
  }
  return {};
}

}  // namespace tidewire
