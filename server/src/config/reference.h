#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace tidewire {

/// What the option table says, written out for people.

/// A TOML file with every key, its help and its default in a comment, two secrets and a namespace
/// filled in: it works as it is.
[[nodiscard]] std::string config_file_template(std::string_view hmac_secret,
                                               std::string_view api_key);

/// docs/reference/configuration.md.
[[nodiscard]] std::string reference_markdown();

/// The flags of `serve`, one a line: `--listen.public ADDRESS  ...`.
[[nodiscard]] std::string flags_help();

/// The keys that differ from their default, as TOML lines with dotted keys; secrets are "(set)".
[[nodiscard]] std::string describe_config(const Config& config);

}  // namespace tidewire
