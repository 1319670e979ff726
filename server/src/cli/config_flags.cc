#include "cli/config_flags.h"

#include <string_view>

#include "config/known_keys.h"
#include "config/option_table.h"
#include "config/units.h"

namespace tidewire {
namespace {

bool is_boolean(std::string_view path) {
  KnownKey key;
  std::string fault;
  const auto spell = +[](std::string_view text) { return std::string(text); };
  return parse_key(path, spell, key, fault) && key.option != nullptr &&
         key.option->kind == OptionKind::boolean;
}

bool is_config_flag(std::string_view argument) {
  if (!argument.starts_with("--")) return false;
  const std::string_view name = argument.substr(2, argument.find('=') - 2);
  return name.find('.') != std::string_view::npos || find_option(name) != nullptr;
}

}  // namespace

std::expected<SplitArguments, std::string> split_arguments(std::span<const std::string> arguments) {
  SplitArguments split;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      split.rest.insert(split.rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i),
                        arguments.end());
      break;
    }
    if (!is_config_flag(argument)) {
      split.rest.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string path = argument.substr(2, equals - 2);
    const std::string* next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    if (equals != std::string::npos) {
      split.config.emplace_back(path, argument.substr(equals + 1));
    } else if (is_boolean(path)) {
      const bool has_value = next != nullptr && parse_boolean(*next).has_value();
      split.config.emplace_back(path, has_value ? *next : "true");
      if (has_value) ++i;
    } else if (next != nullptr && !next->starts_with("--")) {
      split.config.emplace_back(path, *next);
      ++i;
    } else {
      return std::unexpected("--" + path + " needs a value: --" + path + "=VALUE");
    }
  }
  return split;
}

}  // namespace tidewire
