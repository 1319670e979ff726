#include "config/config.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tidewire {
namespace {

/// In the order of OverflowPolicy.
constexpr auto kOverflowNames = std::to_array<std::string_view>(
    {"by_class", "drop_oldest", "conflate", "fold", "spill", "disconnect"});

}  // namespace

std::string_view to_name(OverflowPolicy policy) {
  return kOverflowNames[std::to_underlying(policy)];
}

std::optional<OverflowPolicy> overflow_policy(std::string_view name) {
  const auto found = std::ranges::find(kOverflowNames, name);
  if (found == kOverflowNames.end()) return std::nullopt;
  return static_cast<OverflowPolicy>(found - kOverflowNames.begin());
}

const NamespaceConfig* Config::find_namespace(std::string_view name) const {
  auto found = namespaces.find(name);
  if (found == namespaces.end()) found = namespaces.find(std::string_view("default"));
  return found == namespaces.end() ? nullptr : &found->second;
}

}  // namespace tidewire
