// Where channels are kept, and how servers share them.
#include <array>

#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr auto kMemoryUrl = std::to_array<std::string_view>({"memory:"});

constexpr Option kRows[] = {
    {.path = "history.url",
     .kind = url,
     .help = "Where history is kept.",
     .target = AT(history.url),
     .choices = kMemoryUrl},

    {.path = "broker.url",
     .kind = url,
     .help = "How several servers share their channels.",
     .target = AT(broker.url),
     .choices = kMemoryUrl},
};

}  // namespace

std::span<const Option> storage_options() { return kRows; }

}  // namespace tidewire
