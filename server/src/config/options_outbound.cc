// What the server asks other services over HTTP: RPC backends.
#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr Option kOutboundRows[] = {
    {.path = "outbound.response_bytes",
     .kind = bytes,
     .help = "Largest answer of a backend or hook; a larger one is a failure.",
     .target = AT(outbound.response_bytes),
     .min = 1 * kKiB,
     .max = 64 * kMiB},
    {.path = "outbound.calls",
     .kind = integer,
     .help = "Calls of one backend or hook, running or waiting; then overloaded.",
     .target = AT(outbound.calls),
     .min = 1,
     .max = 100'000},
    {.path = "outbound.breaker_failures",
     .kind = integer,
     .help = "Failures in a row after which a backend or hook is left alone.",
     .target = AT(outbound.breaker_failures),
     .min = 1,
     .max = 1'000},
    {.path = "outbound.breaker_time",
     .kind = duration,
     .help = "How long it is left alone before one call tries again.",
     .target = AT(outbound.breaker_time),
     .min = 10,
     .max = kHour},
};

constexpr Option kBackendRows[] = {
    {.path = "methods",
     .kind = list,
     .help = "Methods that the backend answers: names, or prefixes that end in *.",
     .backend_target = BACKEND(methods)},
    {.path = "url",
     .kind = text,
     .help = "Where calls are sent (POST).",
     .backend_target = BACKEND(url)},
    {.path = "secret",
     .kind = text,
     .help = "Signs the requests with HMAC-SHA256; empty: they are not signed.",
     .backend_target = BACKEND(secret),
     .secret = true},
    {.path = "secret_file",
     .kind = file,
     .help = "File that holds the secret.",
     .backend_target = BACKEND(secret_file)},
    {.path = "timeout",
     .kind = duration,
     .help = "Time for the answer; limits.rpc_timeout counts too.",
     .backend_target = BACKEND(timeout),
     .min = 10,
     .max = kHour},
    {.path = "idempotent",
     .kind = boolean,
     .help = "The methods do no harm when they are done twice: a call that is lost, by the backend "
             "or by a worker of the same method, is made once more.",
     .backend_target = BACKEND(idempotent)},
    {.path = "redirects",
     .kind = integer,
     .help = "Redirects that are followed.",
     .backend_target = BACKEND(redirects),
     .max = 5},
    {.path = "allow_private",
     .kind = boolean,
     .help = "Redirects may lead to private addresses.",
     .backend_target = BACKEND(allow_private)},
};

}  // namespace

std::span<const Option> outbound_options() { return kOutboundRows; }
std::span<const Option> backend_options() { return kBackendRows; }

}  // namespace tidewire
