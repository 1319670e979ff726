#pragma once

#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "server/run_server.h"

namespace tidewire {

/// The exit codes of the contract. kConfigFault is EX_CONFIG of sysexits.h, so that a service unit
/// can say RestartPreventExitStatus=78.
enum ExitCode : int { kSuccess = 0, kFailure = 1, kUsageError = 2, kConfigFault = 78 };

/// What the command line touches besides its arguments; tests pass their own.
struct CommandContext {
  std::vector<std::pair<std::string, std::string>> environment;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  std::function<int(const Config&, std::function<void(const RunningServer&)>)> run_server;
};

/// Runs `tidewire <arguments>` (without the program's name) and returns the exit code.
[[nodiscard]] int run_command_line(std::span<const std::string> arguments, CommandContext& context);

}  // namespace tidewire
