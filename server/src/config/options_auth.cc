// Who may come in: tokens of clients, the key of the server API.
#include "config/option_rows.h"

namespace tidewire {
namespace {

using enum OptionKind;

constexpr Option kAuthRows[] = {
    {.path = "auth.hmac_secret",
     .kind = text,
     .help = "Secret of the HS256 tokens, at least 32 bytes.",
     .target = AT(auth.hmac_secret),
     .secret = true},
    {.path = "auth.hmac_secret_file",
     .kind = file,
     .help = "File that holds auth.hmac_secret; a trailing newline is not part of it.",
     .target = AT(auth.hmac_secret_file)},
    {.path = "auth.keys",
     .kind = keys,
     .help = "Verification keys, a list of tables {alg, kid, secret | secret_file | public_key | "
             "public_key_file}; several make rotation possible.",
     .target = AT(auth.keys),
     .secret = true},
    {.path = "auth.issuer",
     .kind = text,
     .help = "What `iss` must be; empty: not checked.",
     .target = AT(auth.issuer)},
    {.path = "auth.audience",
     .kind = text,
     .help = "What `aud` must be or contain; empty: not checked.",
     .target = AT(auth.audience)},
    {.path = "auth.leeway",
     .kind = duration,
     .help = "How far the clocks of issuer and server may differ.",
     .target = AT(auth.leeway),
     .max = 10 * 60 * kSecond},
    {.path = "auth.timeout",
     .kind = duration,
     .help = "Time for `auth` after a connection without a token; then close 4408.",
     .target = AT(auth.timeout),
     .min = 10,
     .max = kHour},
    {.path = "auth.grace",
     .kind = duration,
     .help = "Time to refresh an expired token; then close 4401.",
     .target = AT(auth.grace),
     .max = kHour},
    {.path = "auth.allow_query_token",
     .kind = boolean,
     .help = "Accept the token as ?token=; it then shows up in the logs of proxies.",
     .target = AT(auth.allow_query_token)},

    {.path = "api.key",
     .kind = text,
     .help = "Bearer key of the server API; empty: the API answers 401.",
     .target = AT(api.key),
     .secret = true},
    {.path = "api.key_file",
     .kind = file,
     .help = "File that holds api.key.",
     .target = AT(api.key_file)},
    {.path = "api.ingest_idle",
     .kind = duration,
     .help = "The body of `streams/ingest` may be silent for so long; then its message is "
             "interrupted.",
     .target = AT(api.ingest_idle),
     .min = 1'000,
     .max = 3'600'000},
};

}  // namespace

std::span<const Option> auth_options() { return kAuthRows; }

}  // namespace tidewire
