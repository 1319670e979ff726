#pragma once

#include <string>

#include "config/option_table.h"
#include "config/setting.h"

namespace tidewire {

/// Checks a setting's value against its option and stores it. Returns what is wrong with it,
/// without the key and without quoting a secret: `expected true or false, got "maybe"`; else empty.
[[nodiscard]] std::string assign_option(const Option& option, OptionTarget target,
                                        const Setting& setting);

/// The path as an absolute or working-directory one; empty stays empty.
[[nodiscard]] std::string resolve_path(const std::string& path, const Setting& setting);

}  // namespace tidewire
