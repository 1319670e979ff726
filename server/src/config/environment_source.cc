#include <algorithm>
#include <array>
#include <set>

#include "config/known_keys.h"
#include "config/nearest.h"
#include "config/option_table.h"
#include "config/setting.h"

namespace tidewire {
namespace {

constexpr std::string_view kPrefix = "TIDEWIRE_";
constexpr std::string_view kNamespacePrefix = "TIDEWIRE_NAMESPACE_";
constexpr std::string_view kBackendPrefix = "TIDEWIRE_RPC_";
constexpr std::string_view kSchemaInfix = "_SCHEMA_";

/// Names that the command line and the client programs read themselves.
constexpr auto kOtherPrograms = std::to_array<std::string_view>(
    {"TIDEWIRE_CONFIG", "TIDEWIRE_URL", "TIDEWIRE_API_URL", "TIDEWIRE_TOKEN", "TIDEWIRE_BIN"});

/// Kubernetes and Docker links set these for a service that is called "tidewire".
bool is_service_link(std::string_view name) {
  return name.starts_with("TIDEWIRE_SERVICE_HOST") || name.starts_with("TIDEWIRE_SERVICE_PORT") ||
         name == "TIDEWIRE_PORT" || name.starts_with("TIDEWIRE_PORT_");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// A namespace that the file already named in another spelling ("trip-planner"), else lower case.
std::string namespace_for(std::string_view spelt, const std::set<std::string>& known) {
  for (const std::string& name : known)
    if (environment_name(name).substr(kPrefix.size()) == spelt) return name;
  return lower(spelt);
}

/// The path behind TIDEWIRE_NAMESPACE_<NAME>_<KEY>. Both parts may hold underscores, so the key is
/// the longest known one that the name ends with; empty when there is none.
std::string namespace_path(std::string_view rest, const std::set<std::string>& known) {
  const std::size_t schema = rest.find(kSchemaInfix);
  if (schema != std::string_view::npos && schema > 0)
    return "namespace." + namespace_for(rest.substr(0, schema), known) + ".schema." +
           lower(rest.substr(schema + kSchemaInfix.size()));
  const Option* best = nullptr;
  for (const Option& option : namespace_option_table()) {
    const std::string suffix = environment_name(option.path).substr(kPrefix.size() - 1);
    if (rest.size() > suffix.size() && rest.ends_with(suffix) &&
        (best == nullptr || option.path.size() > best->path.size()))
      best = &option;
  }
  if (best == nullptr) return {};
  const std::string_view name = rest.substr(0, rest.size() - best->path.size() - 1);
  return "namespace." + namespace_for(name, known) + "." + std::string(best->path);
}

/// The path behind TIDEWIRE_RPC_<NAME>_<KEY>, in the same way.
std::string backend_path(std::string_view rest) {
  const Option* best = nullptr;
  for (const Option& option : backend_option_table()) {
    const std::string suffix = environment_name(option.path).substr(kPrefix.size() - 1);
    if (rest.size() > suffix.size() && rest.ends_with(suffix) &&
        (best == nullptr || option.path.size() > best->path.size()))
      best = &option;
  }
  if (best == nullptr) return {};
  const std::string_view name = rest.substr(0, rest.size() - best->path.size() - 1);
  return "rpc." + lower(name) + "." + std::string(best->path);
}

std::string path_of(std::string_view name, const std::set<std::string>& known) {
  if (name.starts_with(kBackendPrefix)) return backend_path(name.substr(kBackendPrefix.size()));
  if (name.starts_with(kNamespacePrefix))
    return namespace_path(name.substr(kNamespacePrefix.size()), known);
  for (const Option& option : option_table())
    if (environment_name(option.path) == name) return std::string(option.path);
  return {};
}

std::string nearest_name(std::string_view name) {
  std::vector<std::string> candidates;
  for (const Option& option : option_table()) candidates.push_back(environment_name(option.path));
  std::string prefix = "TIDEWIRE_NAMESPACE_<NAME>_";
  if (name.starts_with(kNamespacePrefix)) {
    const std::string_view rest = name.substr(kNamespacePrefix.size());
    const std::size_t end = rest.find('_');
    if (end != std::string_view::npos && end > 0)
      prefix = std::string(kNamespacePrefix) + std::string(rest.substr(0, end + 1));
  }
  for (const Option& option : namespace_option_table())
    candidates.push_back(prefix + environment_name(option.path).substr(kPrefix.size()));
  return std::string(nearest(name, candidates));
}

std::set<std::string> named_namespaces(const std::vector<Setting>& settings) {
  std::set<std::string> names;
  for (const Setting& setting : settings) {
    KnownKey key;
    std::string fault;
    if (parse_key(
            setting.path, +[](std::string_view path) { return std::string(path); }, key, fault) &&
        !key.name_space.empty())
      names.insert(key.name_space);
  }
  return names;
}

}  // namespace

void read_environment_settings(std::span<const std::pair<std::string, std::string>> environment,
                               std::vector<Setting>& settings, Faults& faults) {
  const std::set<std::string> known = named_namespaces(settings);
  for (const auto& [name, value] : environment) {
    // An empty variable counts as unset, since many tools cannot unset one.
    if (!name.starts_with(kPrefix) || value.empty() || is_service_link(name)) continue;
    if (std::ranges::find(kOtherPrograms, name) != kOtherPrograms.end()) continue;
    const std::string path = path_of(name, known);
    if (path.empty())
      faults.push_back(name + ": unknown key; did you mean " + nearest_name(name) + "?");
    else
      settings.push_back(
          {.source = SourceKind::environment, .where = name, .path = path, .value = value});
  }
}

}  // namespace tidewire
