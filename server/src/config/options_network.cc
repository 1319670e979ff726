// Event loops, listeners and connections.
#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr Option kNetworkRows[] = {
    {.path = "shards",
     .kind = integer,
     .help = "Event loops, one thread each; 0 is one per core.",
     .target = AT(shards),
     .max = 1024},

    {.path = "listen.public",
     .kind = address,
     .help = "Where clients connect: WebSocket and static files. Port 0 lets the system choose.",
     .target = AT(listen.public_address)},
    {.path = "listen.internal",
     .kind = address,
     .help = "Where the server API, health and metrics are. Keep it off the internet.",
     .target = AT(listen.internal_address)},

    {.path = "tls.cert_file",
     .kind = file,
     .help = "Certificate chain (PEM) of the public listener; set together with tls.key_file.",
     .target = AT(tls.cert_file),
     .reloadable = true},
    {.path = "tls.key_file",
     .kind = file,
     .help = "Private key (PEM) of tls.cert_file.",
     .target = AT(tls.key_file),
     .reloadable = true},

    {.path = "origins.allowed",
     .kind = list,
     .help = "Web origins that may connect: https://app.example.com, https://*.example.com, or * "
             "for any.",
     .target = AT(origins.allowed)},

    {.path = "session.ttl",
     .kind = duration,
     .help = "How long a session outlives its connection; 0: not at all.",
     .target = AT(session.ttl),
     .max = kHour},
    {.path = "session.parked",
     .kind = integer,
     .help = "Sessions without a connection that are kept, in all; then the oldest ends.",
     .target = AT(session.parked),
     .min = 1,
     .max = 10 * kMillion},
    {.path = "session.per_user",
     .kind = integer,
     .help = "Sessions without a connection that are kept of one user; then the oldest ends.",
     .target = AT(session.per_user),
     .min = 1,
     .max = 10'000},
    {.path = "session.bytes",
     .kind = bytes,
     .help = "Largest session that is kept without a connection, with what waits for it.",
     .target = AT(session.bytes),
     .min = 1 * kKiB,
     .max = 16 * kMiB},
    {.path = "session.events",
     .kind = integer,
     .help = "Events of the server API that wait for one session; then the oldest is dropped.",
     .target = AT(session.events),
     .min = 1,
     .max = 10'000},

    {.path = "heartbeat.interval",
     .kind = duration,
     .help = "How often the server sends connection_heartbeat.",
     .target = AT(heartbeat.interval),
     .min = 100,
     .max = kHour},
    {.path = "heartbeat.timeout",
     .kind = duration,
     .help = "Time for any traffic after it; then close 4010.",
     .target = AT(heartbeat.timeout),
     .min = 100,
     .max = kHour},

    {.path = "presence.grace",
     .kind = duration,
     .help = "A user whose connection is lost stays present for so long.",
     .target = AT(presence.grace),
     .max = kHour},

    {.path = "compression.enabled",
     .kind = boolean,
     .help = "Offer permessage-deflate to clients that ask for it.",
     .target = AT(compression.enabled)},
    {.path = "compression.threshold_bytes",
     .kind = bytes,
     .help = "Smaller messages are sent uncompressed.",
     .target = AT(compression.threshold_bytes),
     .max = 64 * kMiB},
    {.path = "compression.level",
     .kind = integer,
     .help = "zlib level, 1 (fast) to 9 (small).",
     .target = AT(compression.level),
     .min = 1,
     .max = 9},

    {.path = "static.dir",
     .kind = directory,
     .help = "Folder of files to serve at /; empty: none.",
     .target = AT(static_files.dir)},
};

}  // namespace

std::span<const Option> network_options() { return kNetworkRows; }

}  // namespace tidewire
