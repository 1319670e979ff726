// How a connection's priorities share it: `lanes.<priority>.`
#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr Option kLanesRows[] = {
    {.path = "lanes.critical.weight",
     .kind = integer,
     .help = "Share of a connection that critical messages have while others wait too.",
     .target = AT(lanes.critical.weight),
     .min = 1,
     .max = 1000},
    {.path = "lanes.critical.bytes",
     .kind = bytes,
     .help = "Bytes of them that may wait for one connection; then the namespace's overflow.",
     .target = AT(lanes.critical.bytes),
     .max = 1 * kGiB,
     .zero_is_unlimited = true},
    {.path = "lanes.high.weight",
     .kind = integer,
     .help = "Share of a connection that high messages have while others wait too.",
     .target = AT(lanes.high.weight),
     .min = 1,
     .max = 1000},
    {.path = "lanes.high.bytes",
     .kind = bytes,
     .help = "Bytes of them that may wait for one connection; then the namespace's overflow.",
     .target = AT(lanes.high.bytes),
     .max = 1 * kGiB,
     .zero_is_unlimited = true},
    {.path = "lanes.normal.weight",
     .kind = integer,
     .help = "Share of a connection that normal messages have while others wait too.",
     .target = AT(lanes.normal.weight),
     .min = 1,
     .max = 1000},
    {.path = "lanes.normal.bytes",
     .kind = bytes,
     .help = "Bytes of them that may wait for one connection; then the namespace's overflow.",
     .target = AT(lanes.normal.bytes),
     .max = 1 * kGiB,
     .zero_is_unlimited = true},
    {.path = "lanes.low.weight",
     .kind = integer,
     .help = "Share of a connection that low messages have while others wait too.",
     .target = AT(lanes.low.weight),
     .min = 1,
     .max = 1000},
    {.path = "lanes.low.bytes",
     .kind = bytes,
     .help = "Bytes of them that may wait for one connection; then the namespace's overflow.",
     .target = AT(lanes.low.bytes),
     .max = 1 * kGiB,
     .zero_is_unlimited = true},
};

}  // namespace

std::span<const Option> lanes_options() { return kLanesRows; }

}  // namespace tidewire
