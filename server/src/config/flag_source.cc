#include "config/known_keys.h"
#include "config/setting.h"

namespace tidewire {
namespace {

std::string spell_flag(std::string_view path) { return "--" + std::string(path); }

}  // namespace

void read_flag_settings(std::span<const std::pair<std::string, std::string>> flags,
                        std::vector<Setting>& settings, Faults& faults) {
  for (const auto& [path, value] : flags) {
    KnownKey key;
    std::string fault;
    if (parse_key(path, spell_flag, key, fault))
      settings.push_back(
          {.source = SourceKind::flag, .where = spell_flag(path), .path = path, .value = value});
    else
      faults.push_back(spell_flag(path) + ": " + fault);
  }
}

}  // namespace tidewire
