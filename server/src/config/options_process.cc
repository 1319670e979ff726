// The process itself: its end, what it writes, what it shows to tests.
#include <array>

#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr auto kLogLevels = std::to_array<std::string_view>({"debug", "info", "warn", "error"});
constexpr auto kLogFormats = std::to_array<std::string_view>({"auto", "text", "json"});

constexpr Option kProcessRows[] = {
    {.path = "shutdown.deadline",
     .kind = duration,
     .help = "After it the process ends, whatever is still open.",
     .target = AT(shutdown.deadline),
     .max = kHour},
    {.path = "shutdown.pace",
     .kind = duration,
     .help = "Connections are closed evenly over this time.",
     .target = AT(shutdown.pace),
     .max = kHour},

    {.path = "log.level",
     .kind = choice,
     .help = "The least important lines that are written.",
     .target = AT(log.level),
     .choices = kLogLevels},
    {.path = "log.format",
     .kind = choice,
     .help = "auto is text on a terminal and JSON lines elsewhere.",
     .target = AT(log.format),
     .choices = kLogFormats},

    {.path = "debug.echo",
     .kind = boolean,
     .help = "Serve /debug/echo, a bare WebSocket echo without authentication, for tests.",
     .target = AT(debug.echo)},
};

}  // namespace

std::span<const Option> process_options() { return kProcessRows; }

}  // namespace tidewire
