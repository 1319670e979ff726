#include "api/api_rates.h"

#include <algorithm>
#include <vector>

#include "limits/session_rates.h"
#include "protocol/channel_name.h"
#include "session/channel_access.h"

namespace tidewire {
namespace {

/// A broadcast names up to 1,000 channels, of few namespaces.
std::vector<ApiPublishes> by_namespace(const ApiParts& parts, std::span<const std::string> channels,
                                       double bytes) {
  std::vector<ApiPublishes> wanted;
  for (const std::string& channel : channels) {
    const auto name = ChannelName::parse(channel);
    const NamespaceConfig* options = name ? &options_of(parts.config, *name) : nullptr;
    auto place = std::ranges::find(wanted, options, &ApiPublishes::options);
    if (place == wanted.end()) place = wanted.insert(place, {.options = options});
    ++place->count;
    place->bytes += bytes;
  }
  return wanted;
}

}  // namespace

std::optional<Error> over_rate(const ApiParts& parts, std::span<const std::string> channels,
                               std::size_t bytes) {
  const auto wanted = by_namespace(parts, channels, static_cast<double>(bytes));
  const auto refused = take_for_api(parts.rates, wanted, parts.clock.mono_us());
  if (!refused) return std::nullopt;
  parts.probe.rate_limited_by(refused->scope, refused->kind).add();
  return refused->error();
}

}  // namespace tidewire
