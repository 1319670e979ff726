#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.h"

namespace tidewire {

/// Where a configuration comes from; each source overrides those before it:
/// the defaults, the TOML file, the environment, the flags.
struct ConfigSources {
  std::string file;  // empty: none
  std::vector<std::pair<std::string, std::string>>
      environment;                                         // names that are not ours are skipped
  std::vector<std::pair<std::string, std::string>> flags;  // path without dashes, value
};

/// What loading gave. With faults the configuration must not be used.
struct LoadedConfig {
  Config config;
  std::vector<std::string> faults;    // one line each: source, key, what is expected
  std::vector<std::string> warnings;  // it works, but probably not as meant
};

/// Reads, merges and checks everything, and collects every fault instead of stopping at the first.
/// Secrets and schemas are read from their files here. Never prints, never quotes a secret.
/// A relative path counts from the folder of the TOML file when it stands there, else from the
/// working directory.
/// May be called again for a reload. Thread: any, no state.
[[nodiscard]] LoadedConfig load_config(const ConfigSources& sources, Config defaults = {});

/// The process' environment as ConfigSources wants it.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> process_environment();

}  // namespace tidewire
