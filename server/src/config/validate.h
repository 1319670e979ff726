#pragma once

#include <functional>
#include <map>
#include <string>

#include "config/loader.h"
#include "config/setting.h"

namespace tidewire {

/// The setting that had the last word on each key; keys left at their default are not in it.
using SettingOrigins = std::map<std::string, const Setting*, std::less<>>;

/// Reads the secret files, then checks what no single key can tell: pairs that belong together and
/// limits that contradict each other. Appends to loaded.faults and loaded.warnings.
void validate_config(const SettingOrigins& origins, LoadedConfig& loaded);

}  // namespace tidewire
