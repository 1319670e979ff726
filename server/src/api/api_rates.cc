#include "api/api_rates.h"

#include "limits/session_rates.h"
#include "protocol/channel_name.h"
#include "session/channel_access.h"

namespace tidewire {

std::optional<Error> over_rate(const ApiParts& parts, std::string_view channel, std::size_t bytes) {
  const auto name = ChannelName::parse(channel);
  const NamespaceConfig* options = name ? &options_of(parts.config, *name) : nullptr;
  const MonoMicros now = parts.clock.mono_us();
  auto refused = take_for_api(parts.rates, RateKind::publishes, 1, now, options);
  if (!refused && bytes > 0)
    refused = take_for_api(parts.rates, RateKind::bytes, static_cast<double>(bytes), now, options);
  if (!refused) return std::nullopt;
  parts.probe.rate_limited_by(refused->scope, refused->kind).add();
  return refused->error();
}

}  // namespace tidewire
