#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "config/loader.h"

namespace tidewire {

/// The arguments of each command, filled in by the parser.
struct DevArguments {
  std::string demo_dir;
  std::string env_file;
};

struct GentokenArguments {
  std::string user_id;
  std::string ttl = "1h";
  std::vector<std::string> channels;
  std::string session_id;
  std::string info;
  std::string private_key_file;
};

struct GenconfigArguments {
  bool markdown = false;
};

/// Each command: what it needs, then the context; the result is the exit code.
int run_serve(const ConfigSources& sources, CommandContext& context);
int run_dev(const ConfigSources& sources, const DevArguments& arguments, CommandContext& context);
int run_gentoken(const ConfigSources& sources, const GentokenArguments& arguments,
                 CommandContext& context);
int run_checktoken(const ConfigSources& sources, std::string token, CommandContext& context);
int run_checkconfig(const ConfigSources& sources, CommandContext& context);
int run_genconfig(const GenconfigArguments& arguments, CommandContext& context);
int run_health(const ConfigSources& sources, CommandContext& context);
int run_version(CommandContext& context);

/// Loads and checks; on a fault prints one line for each and returns false (exit code 78).
[[nodiscard]] bool load_or_report(const ConfigSources& sources, Config defaults,
                                  CommandContext& context, LoadedConfig& loaded);

/// Seconds of `3600`, `90s`, `15m`, `1h` or `30d`, or nullopt.
[[nodiscard]] std::optional<std::int64_t> parse_ttl_seconds(const std::string& text);

/// A secret that nobody can guess: 256 bits as 43 characters of base64url.
[[nodiscard]] std::string random_secret();

}  // namespace tidewire
