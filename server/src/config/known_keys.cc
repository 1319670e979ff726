#include "config/known_keys.h"

#include <algorithm>
#include <vector>

#include "config/nearest.h"
#include "config/option_table.h"
#include "config/setting.h"

namespace tidewire {
namespace {

constexpr std::string_view kNamespace = "namespace.";
constexpr std::string_view kBackend = "rpc.";
constexpr std::string_view kSchema = "schema.";
constexpr std::size_t kEventTypeBytesMax = 64;

/// The event types of the contract: snake_case.
bool is_event_type(std::string_view text) {
  if (text.empty() || text.size() > kEventTypeBytesMax || text[0] < 'a' || text[0] > 'z')
    return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool parse_namespace_key(std::string_view rest, KnownKey& key, std::string& fault) {
  const std::size_t dot = rest.find('.');
  key.name_space = rest.substr(0, dot);
  if (!is_namespace_name(key.name_space)) {
    fault = "a namespace is named by 1 to 64 of A-Z a-z 0-9 _ -, not " +
            quote_for_fault(key.name_space);
    return false;
  }
  if (dot == std::string_view::npos) return true;
  const std::string_view name = rest.substr(dot + 1);
  key.option = find_namespace_option(name);
  if (key.option != nullptr) return true;
  if (!name.starts_with(kSchema)) return false;
  key.event_type = name.substr(kSchema.size());
  if (is_event_type(key.event_type)) return true;
  fault = "an event type is snake_case, at most 64 bytes, not " + quote_for_fault(key.event_type);
  return false;
}

bool parse_backend_key(std::string_view rest, KnownKey& key, std::string& fault) {
  const std::size_t dot = rest.find('.');
  key.backend = rest.substr(0, dot);
  if (!is_namespace_name(key.backend)) {
    fault = "a backend is named by 1 to 64 of A-Z a-z 0-9 _ -, not " + quote_for_fault(key.backend);
    return false;
  }
  if (dot == std::string_view::npos) return false;
  key.option = find_backend_option(rest.substr(dot + 1));
  return key.option != nullptr;
}

/// "chat" of "namespace.chat.histroy_size", also when "namespace" itself is misspelt.
std::string namespace_of(std::string_view path) {
  const std::size_t first = path.find('.');
  if (first == std::string_view::npos) return "<name>";
  const std::size_t second = path.find('.', first + 1);
  const std::string_view name = path.substr(first + 1, second - first - 1);
  return second != std::string_view::npos && is_namespace_name(name) ? std::string(name) : "<name>";
}

/// "order" of "namespace.chat.schemas.order".
std::string event_type_of(std::string_view path) {
  const bool has_one = std::ranges::count(path, '.') >= 3;
  const std::string_view last = path.substr(path.rfind('.') + 1);
  return has_one && is_event_type(last) ? std::string(last) : "<event_type>";
}

}  // namespace

bool parse_key(std::string_view path, std::string (*spell)(std::string_view path), KnownKey& key,
               std::string& fault) {
  if (path.starts_with(kNamespace)) {
    if (parse_namespace_key(path.substr(kNamespace.size()), key, fault)) return true;
  } else if (path.starts_with(kBackend)) {
    if (parse_backend_key(path.substr(kBackend.size()), key, fault)) return true;
  } else {
    key.option = find_option(path);
    if (key.option != nullptr) return true;
  }
  if (fault.empty()) fault = "unknown key; did you mean " + spell(nearest_key(path)) + "?";
  return false;
}

std::string nearest_key(std::string_view path) {
  if (path == "namespace") return "namespace.<name>.class";
  std::vector<std::string> candidates;
  for (const Option& option : option_table()) candidates.emplace_back(option.path);
  const std::string prefix = "namespace." + namespace_of(path) + ".";
  for (const Option& option : namespace_option_table())
    candidates.push_back(prefix + std::string(option.path));
  const std::string backend = "rpc." + namespace_of(path) + ".";
  for (const Option& option : backend_option_table())
    candidates.push_back(backend + std::string(option.path));
  candidates.push_back(prefix + "schema." + event_type_of(path));
  return std::string(nearest(path, candidates));
}

}  // namespace tidewire
