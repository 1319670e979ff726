#include "config/config.h"

namespace tidewire {

const NamespaceConfig* Config::find_namespace(std::string_view name) const {
  auto found = namespaces.find(name);
  if (found == namespaces.end()) found = namespaces.find(std::string_view("default"));
  return found == namespaces.end() ? nullptr : &found->second;
}

}  // namespace tidewire
