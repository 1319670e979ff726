#include "config/assign.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "config/auth_keys.h"
#include "config/option_text.h"
#include "config/text_file.h"
#include "config/units.h"

namespace tidewire {
namespace {

using nlohmann::json;

/// Numbers and booleans of a TOML file go through the same parsers as the text of a flag.
std::string as_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string mismatch(const Option& option, const json& value) {
  std::string out = "expected " + describe_values(option);
  if (option.secret) return out;
  if (value.is_array()) return out + ", got a list";
  if (value.is_object()) return out + ", got a table";
  if (value.is_null()) return out + ", got a date";
  return out + ", got " +
         (value.is_string() ? quote_for_fault(value.get<std::string>()) : value.dump());
}

bool in_range(const Option& option, std::uint64_t value) {
  if (value == 0 && option.zero_is_unlimited) return true;
  return value >= option.min && value <= option.max;
}

/// `sqlite:<path>` among the choices is any text that goes on behind `sqlite:`.
bool is_choice(const Option& option, const std::string& value) {
  return std::ranges::any_of(option.choices, [&](std::string_view choice) {
    const std::size_t open = choice.find('<');
    if (open == std::string_view::npos) return value == choice;
    return value.size() > open && value.starts_with(choice.substr(0, open));
  });
}

/// A list from a flag or the environment: JSON when it starts with a bracket, else split at commas.
json list_value(OptionKind kind, const Setting& setting) {
  if (!setting.value.is_string() || setting.source == SourceKind::file) return setting.value;
  const auto text = setting.value.get<std::string>();
  if (text.starts_with('[') || kind == OptionKind::keys) return json::parse(text, nullptr, false);
  json out = json::array();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

struct Assigner {
  const Option& option;
  const Setting& setting;

  std::string wrong() const { return mismatch(option, setting.value); }

  std::string operator()(std::string* target) const {
    if (!setting.value.is_string()) return wrong();
    const auto value = setting.value.get<std::string>();
    if (option.kind == OptionKind::address && !is_address(value)) return wrong();
    if ((option.kind == OptionKind::choice || option.kind == OptionKind::url) &&
        !is_choice(option, value))
      return wrong();
    if (option.kind == OptionKind::file || option.kind == OptionKind::directory)
      return assign_path(target, value);
    *target = value;
    return {};
  }

  std::string assign_path(std::string* target, const std::string& value) const {
    const std::string path = resolve_path(value, setting);
    std::error_code error;
    if (option.kind == OptionKind::directory && !path.empty() &&
        !std::filesystem::is_directory(path, error))
      return wrong();
    if (option.kind == OptionKind::file && !path.empty() && !is_readable_file(path)) return wrong();
    *target = path;
    return {};
  }

  std::string operator()(bool* target) const {
    const auto value = parse_boolean(as_text(setting.value));
    if (!value || setting.value.is_number()) return wrong();
    *target = *value;
    return {};
  }

  std::string operator()(std::uint64_t* target) const {
    const std::string text = as_text(setting.value);
    const auto value = option.kind == OptionKind::bytes ? parse_bytes(text) : parse_integer(text);
    if (!value || !in_range(option, *value)) return wrong();
    *target = *value;
    return {};
  }

  std::string operator()(Milliseconds* target) const {
    const auto value = parse_duration(as_text(setting.value));
    if (!value || !in_range(option, static_cast<std::uint64_t>(value->count()))) return wrong();
    *target = *value;
    return {};
  }

  std::string operator()(DeliveryClass* target) const {
    const auto value = from_name<DeliveryClass>(as_text(setting.value));
    if (!value) return wrong();
    *target = *value;
    return {};
  }

  std::string operator()(OverflowPolicy* target) const {
    const auto value = overflow_policy(as_text(setting.value));
    if (!value) return wrong();
    *target = *value;
    return {};
  }

  std::string operator()(std::vector<std::string>* target) const {
    const json values = list_value(option.kind, setting);
    if (!values.is_array()) return wrong();
    if (!std::ranges::all_of(values, [](const json& v) { return v.is_string(); })) return wrong();
    *target = values.get<std::vector<std::string>>();
    return {};
  }

  std::string operator()(std::vector<AuthKeyConfig>* target) const {
    const json values = list_value(option.kind, setting);
    if (!values.is_array()) return wrong();
    std::vector<AuthKeyConfig> keys;
    for (const json& value : values) {
      const std::string where = "key " + std::to_string(keys.size() + 1) + ": ";
      AuthKeyConfig key;
      if (std::string fault = parse_auth_key(value, setting, key); !fault.empty())
        return where + fault;
      keys.push_back(std::move(key));
    }
    *target = std::move(keys);
    return {};
  }
};

}  // namespace

std::string assign_option(const Option& option, OptionTarget target, const Setting& setting) {
  return std::visit(Assigner{option, setting}, target);
}

std::string resolve_path(const std::string& path, const Setting& setting) {
  if (path.empty() || setting.base.empty()) return path;
  return (setting.base / path).string();
}

}  // namespace tidewire
