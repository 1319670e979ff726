// What holds in the channels of one namespace: `namespace.<name>.`
#include <array>

#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr auto kClasses =
    std::to_array<std::string_view>({"durable", "stream", "latest", "ephemeral"});

constexpr auto kOverflow = std::to_array<std::string_view>(
    {"by_class", "drop_oldest", "conflate", "fold", "spill", "disconnect"});
constexpr auto kAcks = std::to_array<std::string_view>({"none", "required"});

constexpr Option kRows[] = {
    {.path = "class",
     .kind = choice,
     .help = "Delivery class of the event types that are not built in.",
     .namespace_target = NS(delivery_class),
     .choices = kClasses},
    {.path = "publish",
     .kind = boolean,
     .help = "Any authenticated user may publish.",
     .namespace_target = NS(publish)},
    {.path = "subscribe",
     .kind = boolean,
     .help = "Any authenticated user may subscribe.",
     .namespace_target = NS(subscribe)},
    {.path = "history",
     .kind = boolean,
     .help = "Any authenticated user may read the history.",
     .namespace_target = NS(history)},
    {.path = "cancel",
     .kind = boolean,
     .help = "Any authenticated user may cancel a growing message.",
     .namespace_target = NS(cancel)},
    {.path = "presence",
     .kind = boolean,
     .help = "Keep the list of members; every subscriber may read it.",
     .namespace_target = NS(presence)},
    {.path = "join_leave",
     .kind = boolean,
     .help = "Send presence_join and presence_leave to the subscribers; needs presence.",
     .namespace_target = NS(join_leave)},
    {.path = "history_size",
     .kind = integer,
     .help = "Publications kept a channel; 0 keeps none, and nothing can be recovered.",
     .namespace_target = NS(history_size),
     .max = 1'000'000},
    {.path = "history_bytes",
     .kind = bytes,
     .help = "Bytes of history kept a channel.",
     .namespace_target = NS(history_bytes),
     .min = 1 * kKiB,
     .max = 10 * kGiB},
    {.path = "history_ttl",
     .kind = duration,
     .help = "How long a publication is kept.",
     .namespace_target = NS(history_ttl),
     .min = 100,
     .max = 365 * kDay},
    {.path = "idempotency_window",
     .kind = duration,
     .help = "How long the `key` of a publish is remembered.",
     .namespace_target = NS(idempotency_window),
     .max = kDay},
    {.path = "stream_timeout",
     .kind = duration,
     .help = "A growing message without a new piece for so long is interrupted.",
     .namespace_target = NS(stream_timeout),
     .min = 100,
     .max = kDay},
    {.path = "batch_window",
     .kind = duration,
     .help = "After a write, collect deliveries for so long before the next; 0 sends at the end of "
             "each loop turn.",
     .namespace_target = NS(batch_window),
     .max = 10 * kSecond},
    {.path = "batch_messages",
     .kind = integer,
     .help = "So many waiting messages end a batch window early.",
     .namespace_target = NS(batch_messages),
     .max = kMillion,
     .zero_is_unlimited = true},
    {.path = "batch_bytes",
     .kind = bytes,
     .help = "So many waiting bytes end a batch window early.",
     .namespace_target = NS(batch_bytes),
     .max = 1 * kGiB,
     .zero_is_unlimited = true},
    {.path = "rollup",
     .kind = duration,
     .help = "Pieces of a growing message reach a subscriber at most once in so long, folded; what "
             "`subscribe` says wins.",
     .namespace_target = NS(rollup),
     .max = 10 * kSecond},
    {.path = "overflow",
     .kind = choice,
     .help = "What happens to an event for which a slow connection's queue has no room.",
     .namespace_target = NS(overflow),
     .choices = kOverflow},
    {.path = "ack",
     .kind = choice,
     .help =
         "required: subscribers acknowledge durable events, and what they do not acknowledge is "
         "sent again.",
     .namespace_target = NS(ack),
     .choices = kAcks},
    {.path = "ack_timeout",
     .kind = duration,
     .help = "Time for an acknowledgement; it doubles with every time an event is sent again.",
     .namespace_target = NS(ack_timeout),
     .min = 100,
     .max = kHour},
    {.path = "ack_attempts",
     .kind = integer,
     .help = "How many times an event is sent, the first included; then it is a dead letter.",
     .namespace_target = NS(ack_attempts),
     .min = 1,
     .max = 100},
    {.path = "ack_window",
     .kind = integer,
     .help = "Events that one subscription may leave unacknowledged; then the server waits.",
     .namespace_target = NS(ack_window),
     .min = 1,
     .max = 10'000},
    {.path = "dead_letter",
     .kind = text,
     .help = "The channel for what was never acknowledged; empty: dead:<channel>, its colons as "
             "dots.",
     .namespace_target = NS(dead_letter)},
    {.path = "receipts",
     .kind = boolean,
     .help = "Keep how far each consumer is, and tell publishers and subscribers; needs presence "
             "permission to see.",
     .namespace_target = NS(receipts)},
};

}  // namespace

std::span<const Option> namespace_options() { return kRows; }

}  // namespace tidewire
