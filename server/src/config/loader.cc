#include "config/loader.h"

#include <filesystem>

#include <unistd.h>

#include "config/assign.h"
#include "config/known_keys.h"
#include "config/option_table.h"
#include "config/setting.h"
#include "config/text_file.h"
#include "config/validate.h"

namespace tidewire {
namespace {

/// A schema is inline when it looks like a JSON object, else the path of a file with one.
std::string assign_schema(const Setting& setting, std::string& target) {
  if (!setting.value.is_string())
    return "expected the path of a JSON Schema file, or the schema as a text";
  auto text = setting.value.get<std::string>();
  std::string name = "the schema";
  if (const std::size_t first = text.find_first_not_of(" \t\r\n");
      first == std::string::npos || text[first] != '{') {
    name = quote_for_fault(text);
    auto content = read_text_file(resolve_path(text, setting));
    if (!content) return "schema file " + name + " " + content.error();
    text = std::move(*content);
  }
  const auto schema = nlohmann::json::parse(text, nullptr, false);
  if (schema.is_discarded()) return name + " is not JSON";
  if (!schema.is_object()) return name + " is not a JSON object";
  target = std::move(text);
  return {};
}

/// Applies one setting; later ones override it.
std::string apply(const Setting& setting, Config& config) {
  KnownKey key;
  std::string fault;
  if (!parse_key(setting.path, spell_path, key, fault)) return fault;
  if (!key.backend.empty())
    return assign_option(*key.option, key.option->backend_target(config.rpc_backends[key.backend]),
                         setting);
  if (key.name_space.empty())
    return assign_option(*key.option, key.option->target(config), setting);
  NamespaceConfig& name_space = config.namespaces[key.name_space];
  if (key.option != nullptr)
    return assign_option(*key.option, key.option->namespace_target(name_space), setting);
  if (!key.event_type.empty()) return assign_schema(setting, name_space.schemas[key.event_type]);
  return setting.value.is_object()
             ? ""
             : "expected the options of the namespace, as in " + setting.path + ".class";
}

}  // namespace

LoadedConfig load_config(const ConfigSources& sources, Config defaults) {
  LoadedConfig loaded{.config = std::move(defaults)};
  std::vector<Setting> settings;
  if (!sources.file.empty()) read_file_settings(sources.file, settings, loaded.faults);
  read_environment_settings(sources.environment, settings, loaded.faults);
  read_flag_settings(sources.flags, settings, loaded.faults);
  SettingOrigins origins;
  for (const Setting& setting : settings) {
    const std::string fault = apply(setting, loaded.config);
    if (!fault.empty()) loaded.faults.push_back(setting.prefix() + ": " + fault);
    origins[setting.path] = &setting;
  }
  validate_config(origins, loaded);
  return loaded;
}

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (text.starts_with("TIDEWIRE_") && equals != std::string_view::npos)
      out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace tidewire
