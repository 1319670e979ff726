// How often: a row for each scope and kind of rate limit.
#include <array>

#include "config/option_rows.h"

namespace tidewire {
namespace {

// clang-format off
#define RATE(scope, what, unit, whose)                                                           \
  Option{.path = "limits." #scope "." #what "_per_second", .kind = OptionKind::unit,             \
         .help = #what " a second of one " whose "; then error rate_limited.",                   \
         .target = AT(limits.scope.what.per_second), .max = 10 * kGiB,                           \
         .zero_is_unlimited = true},                                                             \
  Option{.path = "limits." #scope "." #what "_burst", .kind = OptionKind::unit,                  \
         .help = "How many of them may come at once; 0: twice the rate.",                        \
         .target = AT(limits.scope.what.burst), .max = 10 * kGiB}
#define NAMESPACE_RATE(name, unit)                                                               \
  Option{.path = #name "_per_second", .kind = OptionKind::unit,                                  \
         .help = #name " a second in all channels of the namespace; then error rate_limited.",   \
         .namespace_target = NS(rates.name.per_second), .max = 10 * kGiB,                        \
         .zero_is_unlimited = true},                                                             \
  Option{.path = #name "_burst", .kind = OptionKind::unit,                                       \
         .help = "How many of them may come at once; 0: twice the rate.",                        \
         .namespace_target = NS(rates.name.burst), .max = 10 * kGiB}
// clang-format on

constexpr auto kRatesRows = std::to_array<Option>({
    RATE(connection, subscribes, integer, "connection"),
    RATE(connection, publishes, integer, "connection"),
    RATE(connection, rpcs, integer, "connection"),
    RATE(connection, presence_updates, integer, "connection"),
    RATE(user, connects, integer, "user"),
    RATE(user, messages, integer, "user"),
    RATE(user, bytes, bytes, "user"),
    RATE(user, subscribes, integer, "user"),
    RATE(user, publishes, integer, "user"),
    RATE(user, rpcs, integer, "user"),
    RATE(address, messages, integer, "address"),
    RATE(address, bytes, bytes, "address"),
    RATE(address, subscribes, integer, "address"),
    RATE(address, publishes, integer, "address"),
    RATE(address, rpcs, integer, "address"),
    RATE(api, publishes, integer, "server API, all keys together"),
});

constexpr auto kNamespaceRatesRows = std::to_array<Option>({
    NAMESPACE_RATE(subscribes, integer),
    NAMESPACE_RATE(publishes, integer),
    NAMESPACE_RATE(bytes, bytes),
    NAMESPACE_RATE(rpcs, integer),
});

#undef RATE
#undef NAMESPACE_RATE

}  // namespace

std::span<const Option> rates_options() { return kRatesRows; }
std::span<const Option> namespace_rates_options() { return kNamespaceRatesRows; }

}  // namespace tidewire
