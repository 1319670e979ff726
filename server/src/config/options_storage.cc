// Where channels are kept, and how servers share them.
#include <array>

#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr auto kHistoryUrls = std::to_array<std::string_view>({"memory:", "sqlite:<path>"});
constexpr auto kSyncs = std::to_array<std::string_view>({"always", "batch", "off"});
constexpr auto kMemoryUrl = std::to_array<std::string_view>({"memory:"});

constexpr Option kStorageRows[] = {
    {.path = "history.url",
     .kind = url,
     .help = "Where history, shared state and sessions are kept: until the process ends, or in a "
             "file.",
     .target = AT(history.url),
     .choices = kHistoryUrls},
    {.path = "history.sync",
     .kind = choice,
     .help = "When a change in the file counts as stored: written to the disk alone, with all that "
             "waits (batch), or when the system has it (off; a crash of the machine loses it).",
     .target = AT(history.sync),
     .choices = kSyncs},
    {.path = "history.queue_bytes",
     .kind = bytes,
     .help = "What may wait for the file; then error overloaded.",
     .target = AT(history.queue_bytes),
     .min = 64 * kKiB,
     .max = 10 * kGiB},
    {.path = "history.meta_ttl",
     .kind = duration,
     .help = "How long the epoch and position of a channel outlive its last publication in the "
             "file.",
     .target = AT(history.meta_ttl),
     .min = 60 * kSecond,
     .max = 3650 * kDay},

    {.path = "broker.url",
     .kind = url,
     .help = "How several servers share their channels.",
     .target = AT(broker.url),
     .choices = kMemoryUrl},
};

}  // namespace

std::span<const Option> storage_options() { return kStorageRows; }

}  // namespace tidewire
