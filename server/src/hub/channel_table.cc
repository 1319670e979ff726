#include "hub/channel_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "protocol/channel_name.h"

namespace tidewire {

namespace {

/// What a publish looks at; most channels are out of cache.
constexpr std::size_t kChannelBytes = 768;

}  // namespace

ChannelTable::ChannelTable(const Config& config, ChannelContext context, std::size_t channels_max,
                           ServerMetrics& metrics)
    : config_(config),
      context_(std::move(context)),
      channels_max_(channels_max),
      metrics_(metrics) {}

Channel* ChannelTable::find(std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return nullptr;
  prefetch(found->second.get(), kChannelBytes);
  return found->second.get();
}

std::expected<Channel*, Error> ChannelTable::find_or_create(std::string_view name) {
  if (Channel* known = find(name)) return known;
  if (channels_.size() >= channels_max_)
    return fail(ErrorCode::limit_exceeded, "the server has reached its number of channels",
                "/channel");
  const auto parsed = ChannelName::parse(name);
  if (!parsed) return std::unexpected(parsed.error());
  const NamespaceConfig* options = config_.find_namespace(parsed->name_space());
  if (options == nullptr) options = &unconfigured_;
  auto life = context_.store.open(std::string(name), open_limits(*options));
  if (!life) return std::unexpected(std::move(life.error()));
  life->state_version = std::max(life->state_version, last_state_version_);
  auto made = std::make_unique<Channel>(*options, context_, std::move(*life));
  Channel* channel = made.get();
  channels_.emplace(channel->name(), std::move(made));
  metrics_.channels.set(static_cast<std::int64_t>(channels_.size()));
  return channel;
}

OpenLimits ChannelTable::open_limits(const NamespaceConfig& options) const {
  const OpenLimits most{.keys_max = context_.limits.idempotency_keys,
                        .now = context_.clock.wall_ms()};
  OpenLimits limits = most;
  limits.count_max = std::min<std::size_t>(most.count_max, options.history_size);
  limits.bytes_max = std::min<std::size_t>(most.bytes_max, options.history_bytes);
  return limits;
}

void ChannelTable::sweep() {
  std::vector<std::string_view> expired;
  std::int64_t history_bytes = 0;
  std::int64_t streams = 0;
  for (auto& [name, channel] : channels_) {
    channel->sweep();
    if (channel->expired()) {
      expired.push_back(name);
      last_state_version_ = std::max(last_state_version_, channel->state().last_version());
    }
    history_bytes += static_cast<std::int64_t>(channel->history_bytes());
    streams += static_cast<std::int64_t>(channel->streams().growing());
  }
  for (const std::string_view name : expired) {
    const auto gone = channels_.find(name);
    context_.store.close(gone->second->stored());
    channels_.erase(gone);
  }
  metrics_.channels.set(static_cast<std::int64_t>(channels_.size()));
  metrics_.history_bytes.set(history_bytes);
  metrics_.streams.set(streams);
}

}  // namespace tidewire
