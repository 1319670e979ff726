#pragma once

#include <string>

#include "config/option_table.h"

namespace tidewire {

/// The current value as it would stand in a TOML file; a set secret is "(set)".
[[nodiscard]] std::string format_option(const Option& option, Config& config);
[[nodiscard]] std::string format_option(const Option& option, NamespaceConfig& config);
[[nodiscard]] std::string format_option(const Option& option, RpcBackendConfig& config);

/// What a value of the option may be: `a size from 1KiB to 64MiB such as "64KiB"`.
[[nodiscard]] std::string describe_values(const Option& option);

}  // namespace tidewire
